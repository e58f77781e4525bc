import type { Volume } from '../../regions/block-storage/types.ts';
import type { Candidate, FindContext, Finder } from '../kind.ts';
import { isChosen, isUuid } from '../select.ts';

export interface VolumeCandidate extends Candidate {
  /** Null where it has none. */
  readonly volumeType: string | null;
}

export function findVolumes({ source: { blockStorage } }: FindContext): Finder<VolumeCandidate> {
  return {
    async byId(id, signal) {
      const volume = isUuid(id) ? await blockStorage.getVolume(id, signal) : null;
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

function candidate({ id, name, encrypted, volumeType }: Volume): VolumeCandidate {
  const obstacle = encrypted
    ? 'it is encrypted, and its key lives in the source region only: Farshore does not protect encrypted volumes yet'
    : null;
  return { id, name, obstacle, volumeType };
}
