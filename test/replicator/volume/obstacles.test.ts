import { expect } from 'chai';
import type { Quotas } from '../../../regions/block-storage/types.ts';
import { RequestError } from '../../../regions/http/request-error.ts';
import type { TargetContext } from '../../../replicator/mover.ts';
import { volumeObstacles } from '../../../replicator/volume/obstacles.ts';
import type { VolumeCopy } from '../../../replicator/volume/types.ts';
import { rejection } from '../../support/rejection.ts';

function copy(id: string, sizeGib: number, targetVolumeType: string | null = null): VolumeCopy {
  const resource = { kind: 'volume', id, name: id };
  return { resource, targetVolumeType, chain: [{ sizeGib }] } as unknown as VolumeCopy;
}

async function told(
  copies: readonly VolumeCopy[],
  quotas: () => Promise<Quotas>,
): Promise<readonly string[]> {
  const blockStorage = {
    async *listVolumeTypes() {
      for (const name of ['ssd', 'gold']) yield Promise.resolve({ name });
    },
    quotas,
  };
  const target = { region: 'west', projectId: 'demo', blockStorage };
  const at = { target, signal: new AbortController().signal } as unknown as TargetContext;
  const found = await volumeObstacles(copies, at);
  return found.map(({ resource, error }) => `${resource} ${error.code}: ${error.message}`);
}

const unlimited = { limit: -1, used: 900 };
const refused = (status: number) =>
  new RequestError(`answered ${status}`, {
    code: 'region.refused',
    kind: 'permanent',
    operation: 'read quota',
    region: 'west',
    service: 'block-storage',
    method: 'GET',
    url: 'http://west/os-quota-sets/demo',
    status,
  });

describe('what stands in the way of restoring volumes', () => {
  it('is a quota, from the volume on with which all before it no longer fit', async () => {
    const quotas = {
      volumes: { limit: 10, used: 7 },
      gigabytes: { limit: 1000, used: 0 },
      per_volume_gigabytes: { limit: 500, used: 0 },
      gigabytes_ssd: { limit: 100, used: 40 },
    };
    const copies = [copy('a', 50, 'ssd'), copy('b', 20, 'ssd'), copy('c', 600), copy('d', 1)];
    expect(await told(copies, () => Promise.resolve(quotas))).to.deep.equal([
      'volume/b block-storage.quota-exceeded: the quota is not enough: gigabytes_ssd 40 of 100 used, 70 more wanted up to this one',
      'volume/c block-storage.quota-exceeded: the quota is not enough: per_volume_gigabytes 500, it has 600',
      'volume/d block-storage.quota-exceeded: the quota is not enough: volumes 7 of 10 used, 4 more wanted up to this one',
    ]);
  });

  it('is a type that is not there, and nothing where there is no limit, or it may not be asked', async () => {
    const missing = 'volume/a volume.type-missing: there is no volume type fast in west';
    const none = () => Promise.resolve({ volumes: unlimited, gigabytes: unlimited });
    expect(await told([copy('a', 1, 'fast'), copy('b', 1, 'gold')], none)).to.deep.equal([missing]);
    expect(await told([copy('b', 9000)], () => Promise.reject(refused(403)))).to.deep.equal([]);
    const failed = await rejection(told([copy('b', 1)], () => Promise.reject(refused(500))));
    expect(failed).to.include({ status: 500 });
  });
});
