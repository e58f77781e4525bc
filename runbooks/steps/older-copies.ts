import { FarshoreError } from '../../kernel/errors.ts';
import { resourceKey, type ResourceRef } from '../../replicator/mover.ts';
import { restorableKeys } from '../../replicator/point/members.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import type { PointLooks } from './best-point.ts';
import type { UsedCopy } from './used-copies.ts';

/** By an explicit order: these resources come from this point, whatever the others come from. */
export interface OlderCopies {
  readonly point: string;
  /** Each `volume/5f0c…`, or by name: `volume/data`. */
  readonly resources: readonly string[];
  readonly reason: string;
}

/** Everything that can be wrong with such an order, before anything is committed. */
export function assertOlder(
  points: readonly RecoveryPoint[],
  older: OlderCopies | undefined,
  group: string,
): void {
  if (older === undefined) return;
  const point = points.find(({ id }) => id === older.point);
  if (point === undefined)
    throw refusal('point.not-found', 'there is no such point', `${group}/${older.point}`);
  for (const wanted of older.resources) {
    const key = keyOf(point, wanted);
    if (key === null || !restorableKeys(point).includes(key))
      throw refusal(
        'point.copy-missing',
        'the point has no whole copy of the resource',
        `${older.point}/${wanted}`,
      );
  }
}

/**
 * The copies that the order wants from another point, looked at now. What is not whole any more
 * is left to the chosen point, and said.
 */
export async function olderCopies(
  older: OlderCopies | undefined,
  points: readonly RecoveryPoint[],
  looks: PointLooks,
): Promise<{ readonly copies: readonly UsedCopy[]; readonly notes: readonly string[] }> {
  if (older === undefined) return { copies: [], notes: [] };
  const known = points.find((each) => each.id === older.point);
  if (known === undefined || known.state === 'expiring') return gone(older);
  const keys = older.resources.flatMap((wanted) => keyOf(known, wanted) ?? []);
  const only = new Set(keys);
  const point = await looks.check(known, only);
  const manifest = await looks.manifest(older.point);
  const there = new Set(restorableKeys(point));
  const copies = manifest.copies.filter(({ resource }) => {
    const key = resourceKey(resource);
    return only.has(key) && there.has(key);
  });
  const taken = new Set(copies.map(({ resource }) => resourceKey(resource)));
  const notes = keys.map((key) =>
    taken.has(key)
      ? `${key} is taken from point ${older.point}, by order: ${older.reason}`
      : `${key} was to be taken from point ${older.point}, and is not whole there`,
  );
  return { copies: copies.map((copy) => ({ copy, point })), notes };
}

/** It is held since it was ordered: a group that was rebuilt meanwhile may lack it. All else is recovered. */
function gone({ point, resources }: OlderCopies) {
  const notes = resources.map(
    (wanted) => `${wanted} was to be taken from point ${point}, which is gone`,
  );
  return { copies: [], notes };
}

/** By its key, or by kind and name. */
export function isNamed(resource: ResourceRef, wanted: string): boolean {
  return resourceKey(resource) === wanted || `${resource.kind}/${resource.name}` === wanted;
}

function keyOf({ members }: RecoveryPoint, wanted: string): string | null {
  const found = members.find(({ resource }) => isNamed(resource, wanted));
  return found === undefined ? null : resourceKey(found.resource);
}

function refusal(code: string, message: string, subject: string): FarshoreError {
  return new FarshoreError(message, {
    code,
    kind: 'permanent',
    operation: 'choose recovery point',
    subject,
    hint: 'farshore point show tells what is in each point',
  });
}
