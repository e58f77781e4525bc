import type { Candidate, FindContext, Finder } from '../kind.ts';
import { hasMetadata, matchesPattern } from '../name-pattern.ts';
import { isOurs } from '../select.ts';

const metadataPrefix = 'x-container-meta-';

export function findContainers({ source: { objectStore }, ownContainers }: FindContext): Finder {
  const candidate = (name: string): Candidate => ({
    id: name,
    name,
    obstacle: ownContainers.has(name) ? 'it holds the data of backups and recovery points' : null,
  });
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
    byId: async (name, signal) =>
      (await objectStore.headContainer(name, signal)) === null ? null : candidate(name),
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
          !ownContainers.has(name) &&
          !isOurs(name, {}) &&
          matchesPattern(namePattern, name) &&
          (isPlain || hasMetadata(wanted, await metadataOf(name, signal)))
        )
          yield candidate(name);
    },
  };
}
