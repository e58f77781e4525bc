import { describeError, isTransient, type FarshoreError } from '../../../kernel/errors.ts';
import { hasStatus } from '../../../regions/http/request-error.ts';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import type { Outcome, ShipContext } from './context.ts';
import type { Step } from './plan.ts';
import { describeObject, readLarge, readObject, readSymlink } from './read-object.ts';

/** Found again at the second time, these are facts about the object. */
const notByChance = ['object-store.checksum-mismatch', 'container.object-cut-off'];
const reasonLength = 300;
const probeKey = 'probe';

type Work = Extract<Step, { readonly act: 'describe' | 'read' }>;

/** What is done about one object; a failure of it alone is put off, or isolated and named. */
export async function attempt(
  ctx: ShipContext,
  step: Work,
  signal: AbortSignal,
  earlier?: { readonly code: string; readonly isLast: boolean },
): Promise<Outcome> {
  const { source } = step;
  try {
    const outcome = await act(ctx, step, signal);
    ctx.pace.succeeded(step.act === 'describe' ? 0 : source.bytes);
    ctx.trouble.succeeded();
    return outcome;
  } catch (error) {
    signal.throwIfAborted();
    const failed = ctx.trouble.isolated(error);
    if (isOverload(failed)) ctx.pace.overloaded();
    const isFinal =
      !isTransient(failed) ||
      earlier?.isLast === true ||
      (earlier?.code === failed.code && notByChance.includes(failed.code));
    if (!isFinal) return { name: source.name, later: source, code: failed.code };
    if (isTransient(failed) || failed.code === 'region.right-missing')
      await assertServing(ctx, failed, signal);
    const reason = describeError(failed).replaceAll(/\s+/g, ' ').slice(0, reasonLength);
    ctx.tally.lack(`${ctx.container}/${source.name}`, reason);
    return { name: source.name, absent: true };
  }
}

async function act(ctx: ShipContext, step: Work, signal: AbortSignal): Promise<Outcome> {
  if (step.act === 'describe') return await describeObject(ctx, step.source, step.known, signal);
  switch (step.as) {
    case 'slo':
      return await readLarge(ctx, step.source, signal);
    case 'symlink':
      return await readSymlink(ctx, step.source, signal);
    case 'object':
      return await readObject(ctx, step.source, signal);
  }
}

function isOverload(error: FarshoreError): boolean {
  return error.code === 'region.timeout' || hasStatus(error, 408, 429, 498, 503, 507);
}

/**
 * A service that fails for everything, or lets us do nothing, makes no statement about one object: in
 * Ceph RGW one object may be closed to the owner of its container. The source must answer and the bank
 * must take a write; else the failure is passed on, and the session waits for the service.
 */
async function assertServing(
  ctx: ShipContext,
  failed: FarshoreError,
  signal: AbortSignal,
): Promise<void> {
  try {
    await ctx.session.source.objectStore.headContainer(ctx.container, signal);
    const body = Buffer.from('x');
    await ctx.stored.put(probeKey, body, { bytes: body.length, signal });
  } catch {
    signal.throwIfAborted();
    throw failed;
  }
}

/** What is tried again needs no plan: it is read as whatever it has become. */
export function again(source: ListingRow): Work {
  return { act: 'read', source, as: source.sloEtag === undefined ? 'object' : 'slo' };
}
