import type { BlockStorage, Volume } from '../../../regions/block-storage/types.ts';
import type { Identity } from '../../../replicator/bank/identity.ts';
import type { ImageService } from '../../../regions/image/types.ts';
import type { ObjectStore } from '../../../regions/object-store/types.ts';
import type { ProjectScope, Region } from '../../../regions/region.ts';
import type { Sites } from '../../../controller/sites.ts';
import type { SimProcess } from '../engine/process.ts';
import { RegionLink } from './region-link.ts';
import { imageOf } from './shapes.ts';
import { SimBank } from './sim-bank.ts';
import type { Resource } from './types.ts';
import type { World } from './world.ts';

/** A scope that tells the simulation's movers how they reach its region. */
export interface SimScope extends ProjectScope {
  readonly link: RegionLink;
}

export function linkOf(scope: ProjectScope): RegionLink {
  return (scope as SimScope).link;
}

/** Only what members, checks and fences ask; the data goes by the link. */
function scopeOf(link: RegionLink): SimScope {
  const region = link.region.name;
  const base = { region, projectId: 'p', projectName: 'demo', userId: 'u', link };
  return Object.freeze({
    ...base,
    blockStorage: blockStorageOf(link) as BlockStorage,
    images: imagesOf(link) as ImageService,
    objectStore: objectStoreOf(link) as ObjectStore,
  });
}

function blockStorageOf(link: RegionLink): Partial<BlockStorage> {
  return {
    getVolume: (id, signal) =>
      link.read(
        'read volume',
        (region) => {
          const found = region.find('volume', id);
          return found === undefined ? null : volumeOf(found);
        },
        signal,
      ),
    setReadOnly: async (id, readOnly, signal) => {
      await fence(link, 'volume', id, readOnly, signal);
    },
    listVolumes: (options) => named(link, 'volume', options, volumeOf),
    mayImportRecords: () => Promise.resolve(true),
  };
}

function imagesOf(link: RegionLink): Partial<ImageService> {
  return {
    get: (id, signal) =>
      link.read(
        'read image',
        (region) => {
          const found = region.find('image', id);
          return found === undefined ? null : imageOf(found, '');
        },
        signal,
      ),
    list: (options) => named(link, 'image', options, (found) => imageOf(found, '')),
  };
}

function objectStoreOf(link: RegionLink): Partial<ObjectStore> {
  return {
    headContainer: (name, signal) =>
      link.read(
        'read container',
        (region) => {
          const found = region.find('container', name);
          return found === undefined
            ? null
            : { name, objects: found.objects.size, bytes: 0, versioning: true, headers: {} };
        },
        signal,
      ),
    info: () => Promise.resolve({ container_quotas: {}, object_versioning: {}, slo: {} }),
    postContainer: async (name, _headers, signal) => {
      await fence(link, 'container', name, true, signal);
    },
  };
}

/** What bears the name; of listings without one nobody here has a use. */
async function* named<T>(
  link: RegionLink,
  kind: string,
  options: { readonly name?: string; readonly signal?: AbortSignal } | undefined,
  shown: (resource: Resource) => T,
): AsyncGenerator<T> {
  const { name, signal } = options ?? {};
  if (name === undefined) return;
  yield* await link.read(
    `list ${kind}s`,
    (region) => region.named(kind, name).map((each) => shown(each)),
    signal,
  );
}

/** Fences are set by executions only; which one is not told to the region. */
async function fence(
  link: RegionLink,
  kind: 'volume' | 'container',
  id: string,
  isReadOnly: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  await link.write(
    { operation: 'fence', subject: `${kind}/${id}` },
    { type: 'execution', id: '', of: `${kind}/${id}` },
    (region) => {
      const found = region.find(kind, id);
      if (found === undefined || found.isReadOnly === isReadOnly) return false;
      found.isReadOnly = isReadOnly;
      return true;
    },
    signal,
  );
}

function volumeOf({ id, name, isReadOnly }: Resource): Volume {
  return {
    id,
    name,
    description: '',
    status: 'available',
    sizeGib: 1,
    volumeType: null,
    availabilityZone: null,
    bootable: false,
    encrypted: false,
    isAttached: false,
    readOnly: isReadOnly,
    metadata: {},
    imageMetadata: {},
    createdAt: '2026-11-21T08:00:00Z',
  };
}

/** The regions as one process reaches them. A token is asked for at each opening: that can fail. */
export function sitesOf(
  world: World,
  process: SimProcess,
  mayWrite: () => boolean,
  identity: Identity,
): Sites {
  const banks = new Map<string, SimBank>();
  const bankOf = (name: string): Promise<SimBank> => {
    const bank = banks.get(name) ?? new SimBank(find(name).link, identity);
    banks.set(name, bank);
    return Promise.resolve(bank);
  };
  const opened = world.regions.map((region) => {
    const link = new RegionLink(world, region, process, mayWrite);
    return { link, scope: scopeOf(link) };
  });
  const find = (name: string) => {
    const found = opened.find(({ link }) => link.region.name === name);
    if (found === undefined) throw new RangeError(`no region ${name}`);
    return found;
  };
  const project = async (name: string, signal?: AbortSignal): Promise<ProjectScope> => {
    const { link, scope } = find(name);
    await link.read('open project', () => true, signal);
    return scope;
  };
  const region = (name: string): Region => ({
    name,
    swiftCluster: name,
    clockAheadMs: 0,
    home: (signal) => project(name, signal),
    project: (_nameOrId, signal) => project(name, signal),
    probe: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  });
  return Object.freeze({
    names: world.regions.map(({ name }) => name),
    region,
    bank: bankOf,
    bankOf: () => ({ container: 'farshore' }),
  });
}
