import { resourceKey, type Copy } from '../../../replicator/mover.ts';
import { decodeManifest } from '../../../replicator/point/manifest.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import { catalogRefsOf, copyNames } from '../movers/rows.ts';
import { manifestName } from '../world/sim-bank.ts';
import type { World } from '../world/world.ts';
import { rowsIn } from './points.ts';
import { must } from './types.ts';

/** By resourceKey: names of all stored objects that the point's copy of it refers to. */
export type StoredNames = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * By resourceKey: what points share, and the name of the object that it is stored as. Objects of a volume
 * belong to one backup: the same bytes of another chain are others, though a simulated region keeps the two
 * under one name.
 */
export type SharedThings = ReadonlyMap<string, ReadonlyMap<string, string>>;

export function storedNames(point: RecoveryPoint, world: World): StoredNames {
  const region = world.region(point.region);
  return new Map(
    copiesOf(point, world).map((copy) => [
      resourceKey(copy.resource),
      new Set(copyNames(copy, rowsIn(copy, region))),
    ]),
  );
}

export function sharedThings(point: RecoveryPoint, world: World): SharedThings {
  const region = world.region(point.region);
  const things = (copy: Copy): ReadonlyMap<string, string> => {
    const rows = rowsIn(copy, region);
    const names = (some: typeof rows) => copyNames(copy, some);
    if (copy.kind !== 'volume') return new Map(names(rows).map((name) => [name, name]));
    const backups = catalogRefsOf(copy);
    return new Map(
      rows.flatMap((each, index) =>
        names([each]).map((name) => [`${backups[index]?.object ?? ''} ${name}`, name] as const),
      ),
    );
  };
  return new Map(copiesOf(point, world).map((copy) => [resourceKey(copy.resource), things(copy)]));
}

function copiesOf(point: RecoveryPoint, world: World): readonly Copy[] {
  const region = world.region(point.region);
  const body = region.bank.get(manifestName(point.group, point.id));
  must('known-damage', body !== undefined, () => `no manifest of ${point.group}/${point.id}`);
  return decodeManifest(body, point).copies;
}
