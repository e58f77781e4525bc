import { resourceKey } from '../../../replicator/mover.ts';
import { decodeManifest } from '../../../replicator/point/manifest.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import { copyNames } from '../movers/rows.ts';
import { manifestName } from '../world/sim-bank.ts';
import type { World } from '../world/world.ts';
import { rowsIn } from './points.ts';
import { must } from './types.ts';

/** By resourceKey: names of all stored objects that the point's copy of it refers to. */
export type StoredNames = ReadonlyMap<string, ReadonlySet<string>>;

export function storedNames(point: RecoveryPoint, world: World): StoredNames {
  const region = world.region(point.region);
  const body = region.bank.get(manifestName(point.group, point.id));
  must('known-damage', body !== undefined, () => `no manifest of ${point.group}/${point.id}`);
  return new Map(
    decodeManifest(body, point).copies.map((copy) => [
      resourceKey(copy.resource),
      new Set(copyNames(copy, rowsIn(copy, region))),
    ]),
  );
}
