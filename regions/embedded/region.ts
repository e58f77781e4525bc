import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ambient } from '../../kernel/ambient.ts';
import { describeError } from '../../kernel/errors.ts';
import { type BlockStorageService, openBlockStorage } from './block-storage/block-storage.ts';
import type { BackupSettings } from './block-storage/cinder.ts';
import type { Controlled } from './faults/control.ts';
import { Faults } from './faults/faults.ts';
import type { DamageInput, PartsInput } from './faults/schemas.ts';
import { skewedClock } from './faults/skewed-clock.ts';
import type { Service } from './http/service.ts';
import { type Identity, openIdentity } from './identity/identity.ts';
import type { SeedIds } from './identity/state/seed.ts';
import { openImageService } from './image/image-service.ts';
import { openObjectStore, type ObjectStoreService } from './object-store/object-store.ts';
import type { Flavour } from './object-store/request.ts';
import { rgwPrefix } from './object-store/rgw.ts';
import { openError } from './open-error.ts';
import { type Listening, type Mount, serve } from './server.ts';
import type { ServiceDeps } from './service-deps.ts';

export interface EmbeddedRegionOptions {
  /** In the catalogue. */
  readonly name: string;
  /** Holds all that the region keeps; made when it isn't there. */
  readonly directory: string;
  readonly ambient: Ambient;
  /** 127.0.0.1 unless given. */
  readonly host?: string;
  /** A free one unless given. */
  readonly port?: number;
  /** Of the users `admin` and `demo` of a new region; `secret` unless given. */
  readonly password?: string;
  /** Of cinder-backup; its own unless given. */
  readonly backupSettings?: Partial<BackupSettings>;
  /** Swift unless given; `rgw` is Ceph's gateway (object-store/rgw.ts), which stretches over nothing. */
  readonly objectStore?: Flavour;
  /** Of a new region's projects and users; by chance unless given. */
  readonly ids?: SeedIds;
  /**
   * A region whose identity and object store are this one's, too: one Keystone and one Swift stretched
   * over both. It must be closed last.
   */
  readonly stretchedFrom?: EmbeddedRegion;
}

interface Services {
  readonly identity: Identity;
  readonly objectStore: ObjectStoreService;
  readonly image: Service;
  readonly blockStorage: BlockStorageService;
}

/** A region in this process: its services, its address, its faults. Any number of them can be open. */
export class EmbeddedRegion implements Controlled {
  readonly name: string;
  readonly faults: Faults;
  readonly identity: Identity;
  readonly objectStore: ObjectStoreService;
  readonly image: Service;
  readonly blockStorage: BlockStorageService;
  readonly #ambient: Ambient;
  readonly #listening: Listening;
  /** Closed in this order. */
  readonly #own: readonly Service[];
  readonly #unwatch: () => void;
  #isListening = true;
  #settled: Promise<void> = Promise.resolve();

  private constructor(
    { name, ambient, objectStore }: EmbeddedRegionOptions,
    faults: Faults,
    services: Services,
    own: readonly Service[],
    listening: Listening,
  ) {
    this.name = name;
    this.faults = faults;
    this.identity = services.identity;
    this.objectStore = services.objectStore;
    this.image = services.image;
    this.blockStorage = services.blockStorage;
    this.#ambient = ambient;
    this.#listening = listening;
    this.#own = own;
    this.identity.catalogue.add(name, listening.url, objectStore === 'rgw' ? rgwPrefix : '');
    this.#unwatch = faults.onChange(() => {
      this.#settled = this.#settled.then(() => this.#follow());
    });
  }

  /** Throws a FarshoreError when the directory or the address cannot be had; nothing is left open then. */
  static async open(options: EmbeddedRegionOptions): Promise<EmbeddedRegion> {
    const { ambient, host = '127.0.0.1', port = 0 } = options;
    const faults = new Faults();
    const own: Service[] = [];
    try {
      const services = await openServices(options, faults, own);
      const edge = { faults, clock: ambient.clock };
      const mounts = mountsOf(services, options.objectStore);
      const listening = await serve(mounts, { host, port }, ambient.log, edge);
      return new EmbeddedRegion(options, faults, services, own, listening);
    } catch (error) {
      for (const service of own) await service.close();
      throw openError(error, options);
    }
  }

  get url(): string {
    return this.#listening.url;
  }

  settled(): Promise<void> {
    return this.#settled;
  }

  expireTokens(): Promise<void> {
    return this.identity.expireTokens();
  }

  async damage({ account, container, object, kind }: DamageInput): Promise<void> {
    await this.objectStore.damage(account, container, object, kind);
  }

  async putInParts({ account, container, object, parts }: PartsInput): Promise<void> {
    await this.objectStore.putInParts(account, container, object, parts);
  }

  async close(): Promise<void> {
    this.#unwatch();
    await this.#settled;
    await this.#listening.close();
    this.identity.catalogue.remove(this.name);
    for (const service of this.#own) await service.close();
  }

  /** Listens or not, as the conditions say. */
  async #follow(): Promise<void> {
    const isUp = this.faults.conditions.down !== 'refused';
    if (isUp === this.#isListening) return;
    try {
      await (isUp ? this.#listening.resume() : this.#listening.suspend());
      this.#isListening = isUp;
    } catch (error) {
      this.#ambient.log.error('the region cannot listen again', {
        region: this.name,
        url: this.url,
        reason: describeError(error),
      });
    }
  }
}

/** Each is put in front of `own` as it opens: what is made of others is closed before them. */
async function openServices(
  options: EmbeddedRegionOptions,
  faults: Faults,
  own: Service[],
): Promise<Services> {
  const { name, directory, ambient, password, ids, backupSettings, stretchedFrom } = options;
  const clock = skewedClock(ambient.clock, faults);
  const skewed: Ambient = Object.freeze({ ...ambient, clock });
  const kept = async <T extends Service>(opening: Promise<T>): Promise<T> => {
    const service = await opening;
    own.unshift(service);
    return service;
  };
  await mkdir(directory, { recursive: true });
  const identity =
    stretchedFrom?.identity ??
    (await kept(
      openIdentity({
        directory: join(directory, 'identity'),
        ambient: skewed,
        faults,
        ...(password === undefined ? {} : { password }),
        ...(ids === undefined ? {} : { ids }),
      }),
    ));
  const deps = (folder: string): ServiceDeps => ({
    region: name,
    directory: join(directory, folder),
    ambient: skewed,
    authority: identity,
    faults,
  });
  const objectStore =
    stretchedFrom?.objectStore ??
    (await kept(openObjectStore(deps('object-store'), options.objectStore)));
  const image = await kept(openImageService(deps('image')));
  const blockStorage = await kept(
    openBlockStorage({
      ...deps('block-storage'),
      objectStore,
      image,
      ...(backupSettings === undefined ? {} : { backupSettings }),
    }),
  );
  return { identity, objectStore, image, blockStorage };
}

function mountsOf(
  { identity, objectStore, image, blockStorage }: Services,
  flavour: Flavour | undefined,
): readonly Mount[] {
  const swift = { service: objectStore, name: 'object-store', keepsPrefix: true } as const;
  return [
    { prefix: '/image', service: image, name: 'image' },
    { prefix: '/volume', service: blockStorage, name: 'block-storage' },
    { prefix: flavour === 'rgw' ? rgwPrefix : '/v1', ...swift },
    { prefix: '/info', ...swift },
    { prefix: '/healthcheck', ...swift },
    { prefix: '', service: identity, name: 'identity' },
  ];
}
