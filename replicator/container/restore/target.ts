import { FarshoreError } from '../../../kernel/errors.ts';
import type { HeaderMap } from '../../../regions/object-store/types.ts';
import type { RestoreOrder, RestorePlan, TargetContext } from '../../mover.ts';
import { executionMark, quotaHeader, scratchMark, scratchName } from '../naming.ts';
import type { ContainerPart } from '../types.ts';
import type { RestoreTally } from './deps.ts';

/** Where a container of the point comes to lie. */
export function targetName(container: string, order: RestorePlan): string {
  return order.mode === 'drill' ? scratchName(order.scratch, container) : container;
}

function markOf(order: RestorePlan): readonly [header: string, value: string] {
  return order.mode === 'drill' ? [scratchMark, order.scratch] : [executionMark, order.executionId];
}

/** `taken`: it is there, and this execution did not make it. */
export async function standingOf(
  container: string,
  order: RestorePlan,
  at: TargetContext,
): Promise<'free' | 'own' | 'taken'> {
  const [header, value] = markOf(order);
  const found = await at.target.objectStore.headContainer(container, at.signal);
  if (found === null) return 'free';
  return found.headers[header] === value ? 'own' : 'taken';
}

/**
 * Makes the container, with the mark of this execution and open to nobody else, or finds the one that it
 * made. One that others made is never touched: false. Made beside somebody else at the same instant, it
 * may get our mark; then what he put there shows, and the mark is taken off again.
 */
export async function claimTarget(
  container: string,
  order: RestoreOrder,
  at: TargetContext,
): Promise<boolean> {
  const store = at.target.objectStore;
  const standing = await standingOf(container, order, at);
  if (standing !== 'free') return standing === 'own';
  const [header, value] = markOf(order);
  await store.putContainer(container, { [header]: value }, at.signal);
  const rows = store.list(container, { pageSize: 1, signal: at.signal })[Symbol.asyncIterator]();
  const isEmpty = (await rows.next()).done === true;
  await rows.return?.();
  if (!isEmpty) await store.postContainer(container, { [header]: '' }, at.signal);
  return isEmpty;
}

export function nameTaken(container: string, order: RestorePlan, at: TargetContext) {
  const where = `region ${at.target.region}`;
  const isDrill = order.mode === 'drill';
  return new FarshoreError(
    isDrill
      ? `the container in ${where} has a drill's name but not its mark`
      : `there is a container of this name in ${where} already, and this failover did not make it`,
    {
      code: isDrill ? 'container.scratch-foreign' : 'container.name-taken',
      kind: 'permanent',
      operation: 'restore container',
      subject: container,
      hint: isDrill
        ? 'look who made it; Farshore changes and deletes only what it made itself'
        : 'look what is in it; copy it to another name and delete it, then retry the execution',
    },
  );
}

const aclHeader = /^x-container-(read|write)$/;
/** `.r:*`, `.rlistings` and other referrer rules mean the same in every region. */
const referrerRule = /^\.r(listings)?(:|$)/;

/**
 * Opens a container that is complete: metadata and access lists, and quotas last, since they would keep
 * out what is still to come. A drill's is opened to nobody. Setting them again changes nothing.
 */
export async function openTarget(
  part: ContainerPart,
  container: string,
  order: RestoreOrder,
  at: TargetContext,
  tally: RestoreTally,
  isWhole: boolean,
): Promise<void> {
  const all = Object.entries(part.headers);
  const isDrill = order.mode === 'drill';
  const first = all.filter(
    ([name]) => !quotaHeader.test(name) && !(isDrill && aclHeader.test(name)),
  );
  const quotas = all.filter(([name]) => quotaHeader.test(name));
  await post(container, Object.fromEntries(first), at);
  if (isWhole) await post(container, Object.fromEntries(quotas), at);
  if (quotas.length > 0)
    tally.note(
      isWhole
        ? `${container}: has the source's quota (${quotas.map(([name, value]) => `${name.slice(17)} ${value}`).join(', ')})`
        : `${container}: the source's quota was left out, since only a part of it was restored`,
    );
  for (const [name, value] of all) {
    const isOfThisKeystone = value.split(',').every((rule) => referrerRule.test(rule.trim()));
    if (aclHeader.test(name) && !isOfThisKeystone && !isDrill)
      tally.note(
        `${container}: ${name} names projects or users by the source's ids; check that they are the same in region ${at.target.region}`,
      );
  }
}

async function post(container: string, headers: HeaderMap, at: TargetContext): Promise<void> {
  if (Object.keys(headers).length > 0)
    await at.target.objectStore.postContainer(container, headers, at.signal);
}
