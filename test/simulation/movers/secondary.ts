import {
  resourceKey,
  type ContentCheck,
  type Copy,
  type Depth,
  type Finding,
  type Restored,
  type RestoreOrder,
  type TargetContext,
  type Verification,
} from '../../../replicator/mover.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { known } from '../../support/known-kinds.ts';
import { linkOf } from '../world/sim-scope.ts';
import type { SimRegion } from '../world/sim-region.ts';
import { copyName, type Actor, type Resource } from '../world/types.ts';
import { missing } from './refusals.ts';
import { copyNames, findingOf, merged, rowsOf } from './rows.ts';

export async function verify(copy: Copy, depth: Depth, at: TargetContext): Promise<Verification> {
  const names = copyNames(copy, await rowsOf(copy, at.bank, at.signal));
  const findings = await linkOf(at.target).read(
    'read copies',
    ({ copies }) =>
      names.flatMap((name): Finding[] => {
        const found = copies.get(name);
        if (found === undefined) return [findingOf(copy, name, 'missing')];
        found.isChecked = true;
        return depth === 'listing' || found.isWhole ? [] : [findingOf(copy, name, 'altered')];
      }),
    at.signal,
  );
  const { objects, bytes } = copy;
  return { depth, objects, bytes, findings, damaged: findings.length };
}

function actorOf(copy: Copy, { executionId }: RestoreOrder): Actor {
  return { type: 'execution', id: executionId, of: resourceKey(copy.resource) };
}

function isMadeBy(copy: Copy, { executionId }: RestoreOrder) {
  const of = resourceKey(copy.resource);
  return ({ madeBy }: Resource): boolean => madeBy?.execution === executionId && madeBy.of === of;
}

export async function restore(
  copy: Copy,
  order: RestoreOrder,
  at: TargetContext,
): Promise<Restored> {
  const link = linkOf(at.target);
  const content = merged(await rowsOf(copy, at.bank, at.signal));
  const id = await bringUp(copy, order, at);
  const { kind } = copy.resource;
  for (const [object, value] of content)
    await link.write(
      { operation: 'restore object', subject: `${kind}/${id}/${object}` },
      actorOf(copy, order),
      (region) => restoreObject(copy, region, id, object, value),
      at.signal,
    );
  const { resource, bytes } = copy;
  return { resource, id, name: nameOf(copy, order), bytes, notes: [] };
}

function nameOf({ resource }: Copy, { mode, scratch }: RestoreOrder): string {
  return mode === 'drill' ? `${scratch}-${resource.name}` : resource.name;
}

/** What an earlier attempt made is found by its mark; making another would be a second one. */
async function bringUp(copy: Copy, order: RestoreOrder, at: TargetContext): Promise<string> {
  const link = linkOf(at.target);
  const find = async () => {
    const isOurs = isMadeBy(copy, order);
    return link.read(
      'find resource',
      ({ resources }) => [...resources.values()].find(isOurs)?.id,
      at.signal,
    );
  };
  const known = order.memo.get('id') ?? (await find());
  if (known !== undefined) return known;
  await link.write(
    { operation: 'create resource', subject: `${order.executionId} ${resourceKey(copy.resource)}` },
    actorOf(copy, order),
    (region) => create(copy, order, region, link.world.random.uuid()),
    at.signal,
  );
  const made = await find();
  if (made === undefined) throw missing('resource', nameOf(copy, order));
  await order.memo.set('id', made);
  return made;
}

/** A container's id is its name, and an image keeps its own where it is free; Cinder gives a new one. */
function create(copy: Copy, order: RestoreOrder, region: SimRegion, fresh: string): boolean {
  const { kind, id: sourceId } = copy.resource;
  const ids = { volume: fresh, image: sourceId, container: nameOf(copy, order) };
  const own = ids[known(copy).kind];
  // Taken is taken, though a listing may not show it now.
  const id = kind === 'image' && region.resources.has(`${kind}/${own}`) ? fresh : own;
  const madeBy = { execution: order.executionId, of: resourceKey(copy.resource) };
  const isReadOnly = false;
  const name = nameOf(copy, order);
  region.add({ kind, id, name, objects: new Map(), madeBy, isReadOnly });
  return true;
}

function restoreObject(
  { resource }: Copy,
  region: SimRegion,
  id: string,
  object: string,
  value: string,
): boolean {
  const source = copyName(resource.kind, resource.id, object, value);
  const target = region.find(resource.kind, id);
  if (target === undefined) throw missing(resource.kind, id);
  const copy = region.copies.get(source);
  if (copy === undefined) throw missing('copy', source);
  const restored = copy.isWhole ? value : `${value} altered`;
  const there = target.objects.get(object);
  // Only where there is nothing, or what an earlier attempt brought up altered.
  if (there !== undefined && there !== `${value} altered`) return false;
  if (there === restored) return false;
  region.write(target, object, restored);
  return true;
}

export async function check(
  copy: Copy,
  restored: Restored,
  _order: RestoreOrder,
  at: TargetContext,
): Promise<ContentCheck> {
  const content = merged(await rowsOf(copy, at.bank, at.signal));
  const found = await linkOf(at.target).read(
    'read resource',
    (region) => new Map(region.find(copy.resource.kind, restored.id)?.objects),
    at.signal,
  );
  const isSame =
    found.size === content.size &&
    [...content].every(([object, value]) => found.get(object) === value);
  return { state: isSame ? 'verified' : 'mismatch', bytes: copy.bytes, detail: '-' };
}

export async function discard(copy: Copy, order: RestoreOrder, at: TargetContext): Promise<void> {
  const isOurs = isMadeBy(copy, order);
  await linkOf(at.target).write(
    { operation: 'delete resource', subject: `${order.executionId} ${resourceKey(copy.resource)}` },
    actorOf(copy, order),
    (region) => {
      const found = [...region.resources.values()].filter(isOurs);
      for (const each of found) region.remove(each);
      return found.length > 0;
    },
    at.signal,
  );
}

export function inventory(
  kind: string,
  scratch: string,
  at: TargetContext,
): Promise<readonly string[]> {
  return linkOf(at.target).read(
    'list resources',
    ({ resources }) =>
      [...resources.values()]
        .filter((each) => each.kind === kind && each.name.startsWith(scratch))
        .map(({ name }) => name),
    at.signal,
  );
}

/** One deletion for each object, as services have it. */
export async function expire(
  dropped: readonly Copy[],
  kept: readonly Copy[],
  at: TargetContext,
): Promise<void> {
  const needed = new Set<string>();
  for (const copy of kept)
    for (const name of copyNames(copy, await rowsOf(copy, at.bank, at.signal))) needed.add(name);
  const going = new Set<string>();
  for (const copy of dropped)
    for (const name of await namesOfGoing(copy, at)) if (!needed.has(name)) going.add(name);
  for (const name of going)
    await linkOf(at.target).write(
      { operation: 'delete copy', subject: name },
      { type: 'group', group: at.group },
      ({ copies }) => copies.delete(name),
      at.signal,
    );
}

/** A catalog that is gone was swept by an earlier attempt, which had deleted the data before. */
async function namesOfGoing(copy: Copy, at: TargetContext): Promise<readonly string[]> {
  try {
    return copyNames(copy, await rowsOf(copy, at.bank, at.signal));
  } catch (error) {
    if (error instanceof FarshoreError && error.code === 'bank.catalog-missing') return [];
    throw error;
  }
}
