import { createHash } from 'node:crypto';

interface ServiceEntry {
  readonly type: string;
  readonly name: string;
  /** Below the region's address; `$` is the project's id. */
  readonly path: string;
}

const services: readonly ServiceEntry[] = [
  { type: 'identity', name: 'keystone', path: '/v3' },
  { type: 'object-store', name: 'swift', path: '/v1/AUTH_$' },
  { type: 'image', name: 'glance', path: '/image' },
  { type: 'volumev3', name: 'cinderv3', path: '/volume/v3/$' },
  { type: 'block-storage', name: 'cinder', path: '/volume/v3/$' },
];

const interfaces = ['public', 'internal', 'admin'] as const;

const anyHost = new Set(['0.0.0.0', '[::]']);

/** The regions that this identity serves, and where. Two of them: a stretched deployment. */
export class Catalogue {
  readonly #urls = new Map<string, string>();
  readonly #objectStores = new Map<string, string>();

  /** The object store's path may begin with a prefix, as that of Ceph's gateway does. */
  add(region: string, url: string, objectStorePrefix = ''): void {
    this.#urls.set(region, url);
    this.#objectStores.set(region, objectStorePrefix);
  }

  remove(region: string): void {
    this.#urls.delete(region);
  }

  get regions(): readonly string[] {
    return [...this.#urls.keys()];
  }

  get services() {
    return services.map(({ type, name }) => ({ id: idOf(type), type, name, enabled: true }));
  }

  /** As tokens show it; `origin` is where the client reached us. */
  of(projectId: string | undefined, origin: string) {
    return services.map(({ type, name, path }) => ({
      id: idOf(type),
      type,
      name,
      endpoints: this.#endpointsOf(type).flatMap(({ id, region, face }) =>
        projectId === undefined && path.includes('$')
          ? []
          : [
              {
                id,
                interface: face,
                region_id: region,
                region,
                url: this.#base(type, region, origin) + path.replace('$', projectId ?? ''),
              },
            ],
      ),
    }));
  }

  endpoints(origin: string) {
    return services.flatMap(({ type, path }) =>
      this.#endpointsOf(type).map(({ id, region, face }) => ({
        id,
        interface: face,
        region_id: region,
        region,
        service_id: idOf(type),
        url: this.#base(type, region, origin) + path.replace('$', '%(project_id)s'),
        enabled: true,
      })),
    );
  }

  #endpointsOf(type: string) {
    return this.regions.flatMap((region) =>
      interfaces.map((face) => ({ id: idOf(`${region}/${type}/${face}`), region, face })),
    );
  }

  #base(type: string, region: string, origin: string): string {
    const prefix = type === 'object-store' ? (this.#objectStores.get(region) ?? '') : '';
    return this.#origin(region, origin) + prefix;
  }

  /**
   * One region is where the client found it, through whatever forwards a port. Of several each has its
   * own address; one that listens everywhere, the host's name that the client used.
   */
  #origin(region: string, origin: string): string {
    const url = this.#urls.get(region);
    if (url === undefined || this.#urls.size === 1) return origin;
    const { hostname, port } = new URL(url);
    if (!anyHost.has(hostname) || !URL.canParse(origin)) return url;
    return `http://${new URL(origin).hostname}:${port}`;
  }
}

/** The same after each start. */
function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}
