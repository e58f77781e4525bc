import type { ProjectScope } from '../../regions/region.ts';
import type { ResourceKind } from '../../replicator/mover.ts';
import { hasMetadata, matchesPattern } from './name-pattern.ts';

/** A resource as its service shows it now, with what choosing and refusing needs. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  /** Why it cannot be protected; null when it can. */
  readonly obstacle: string | null;
  /** Of a volume that has one. */
  readonly volumeType?: string;
}

interface Selector {
  readonly namePattern?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Finds one kind of resource in a project. */
export interface Finder {
  byId(id: string, signal: AbortSignal): Promise<Candidate | null>;
  byName(name: string, signal: AbortSignal): AsyncIterable<Candidate>;
  /** Never what Farshore made itself, nor what is going away. */
  matching(selector: Selector, signal: AbortSignal): AsyncIterable<Candidate>;
}

/** `own` are containers that Farshore and Cinder keep their data in. */
export function finderOf(
  kind: ResourceKind,
  scope: ProjectScope,
  own: ReadonlySet<string>,
): Finder {
  switch (kind) {
    case 'volume':
      return volumes(scope);
    case 'image':
      return images(scope);
    case 'container':
      return containers(scope, own);
  }
}

function volumes({ blockStorage }: ProjectScope): Finder {
  type Volume = NonNullable<Awaited<ReturnType<typeof blockStorage.getVolume>>>;
  const candidate = ({ id, name, encrypted, volumeType }: Volume): Candidate => ({
    id,
    name,
    obstacle: encrypted
      ? 'it is encrypted, and its key lives in the source region only: Farshore does not protect encrypted volumes yet'
      : null,
    ...(volumeType === null ? {} : { volumeType }),
  });
  return {
    async byId(id, signal) {
      const volume = await blockStorage.getVolume(id, signal);
      return volume === null ? null : candidate(volume);
    },
    async *byName(name, signal) {
      for await (const volume of blockStorage.listVolumes({ name, signal }))
        if (volume.name === name) yield candidate(volume);
    },
    async *matching(selector, signal) {
      for await (const volume of blockStorage.listVolumes({ signal }))
        if (volume.status !== 'deleting' && isChosen(selector, volume.name, volume.metadata))
          yield candidate(volume);
    },
  };
}

function images({ images: service, projectId }: ProjectScope): Finder {
  const candidate = ({ id, name }: { readonly id: string; readonly name: string }): Candidate => ({
    id,
    name,
    obstacle: null,
  });
  return {
    async byId(id, signal) {
      const image = await service.get(id, signal);
      return image === null ? null : candidate(image);
    },
    async *byName(name, signal) {
      for await (const image of service.list({ name, signal }))
        if (image.name === name) yield candidate(image);
    },
    // The listing has everyone's public images too; a selector means the project's own.
    async *matching(selector, signal) {
      for await (const image of service.list({ signal }))
        if (
          image.owner === projectId &&
          image.status === 'active' &&
          isChosen(selector, image.name, image.properties)
        )
          yield candidate(image);
    },
  };
}

const metadataPrefix = 'x-container-meta-';

function containers({ objectStore }: ProjectScope, own: ReadonlySet<string>): Finder {
  const candidate = (name: string): Candidate => ({
    id: name,
    name,
    obstacle: own.has(name) ? 'it holds the data of backups and recovery points' : null,
  });
  const byId: Finder['byId'] = async (name, signal) =>
    (await objectStore.headContainer(name, signal)) === null ? null : candidate(name);
  const metadataOf = async (name: string, signal: AbortSignal) => {
    const found = await objectStore.headContainer(name, signal);
    const pairs = Object.entries(found?.headers ?? {}).filter(([key]) =>
      key.startsWith(metadataPrefix),
    );
    return Object.fromEntries(
      pairs.map(([key, value]) => [key.slice(metadataPrefix.length), value]),
    );
  };
  return {
    byId,
    // A container's id is its name: whoever asks by id has asked.
    async *byName() {
      // Nothing more to find.
    },
    async *matching({ namePattern = '*', metadata = {} }, signal) {
      // Header names have no upper case.
      const wanted = Object.fromEntries(
        Object.entries(metadata).map(([key, value]) => [key.toLowerCase(), value]),
      );
      const isPlain = Object.keys(wanted).length === 0;
      for await (const { name } of objectStore.listContainers({ signal }))
        if (
          !own.has(name) &&
          !isOurs(name, {}) &&
          matchesPattern(namePattern, name) &&
          (isPlain || hasMetadata(wanted, await metadataOf(name, signal)))
        )
          yield candidate(name);
    },
  };
}

/** What a drill, a restore or a staging made bears such a mark. */
function isOurs(name: string, metadata: Readonly<Record<string, string>>): boolean {
  return (
    /^farshore[-_]/.test(name) || Object.keys(metadata).some((key) => key.startsWith('farshore_'))
  );
}

function isChosen(
  { namePattern = '*', metadata = {} }: Selector,
  name: string,
  found: Readonly<Record<string, string>>,
): boolean {
  return !isOurs(name, found) && matchesPattern(namePattern, name) && hasMetadata(metadata, found);
}
