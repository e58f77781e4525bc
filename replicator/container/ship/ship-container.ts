import { FarshoreError } from '../../../kernel/errors.ts';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import { mapInOrder } from '../catalog/in-order.ts';
import { mergeByName, none } from '../catalog/merge.ts';
import { closeAll, doneOf, settleInRounds } from '../catalog/rounds.ts';
import { catalogRows, kindOf, type CatalogRow } from '../catalog/row.ts';
import { RowFile } from '../catalog/row-file.ts';
import type { MirrorCopy } from '../types.ts';
import type { Outcome, Pending, ShipContext } from './context.ts';
import { giveUp, rowOfOutcome, shipPending } from './deferred.ts';
import { deferSlo, refreshObject, shipObject } from './object.ts';
import { planStep, type Known, type Step } from './plan.ts';

/** Objects under way at once: Swift's small writes take milliseconds each, a link's latency more. */
export const objectsAtOnce = 12;

export interface ShipOrder {
  readonly ctx: ShipContext;
  readonly listing: () => AsyncIterable<ListingRow>;
  /** The copy before, unless the mirror was made anew since. */
  readonly previous: MirrorCopy | null;
  readonly isDamaged: (name: string) => boolean;
  /** Read the mirror's listing too: it may hold what no catalog tells of. */
  readonly isReconciling: boolean;
  /** Ships the containers that segments lie in; they must be whole before what refers to them. */
  readonly shipSegments: (containers: readonly string[]) => Promise<void>;
}

export interface Shipped {
  readonly catalog: MirrorCopy['catalog'];
  readonly objects: number;
  /** Of the objects' own bytes; those of an SLO count where its segments lie. */
  readonly bytes: number;
  /** Containers of the source that its large objects need. */
  readonly segments: readonly string[];
}

/**
 * Brings the mirror's current state to that of the listing, and the catalog that tells of it to the
 * bank. Order: plain objects, containers of segments, SLOs, DLOs, symlinks, catalog. Killed anywhere:
 * the mirror holds some of the new versions and no catalog names them; on the next run what has equal
 * bytes is found in the mirror and not shipped again.
 */
export async function shipContainer(order: ShipOrder): Promise<Shipped> {
  const { ctx } = order;
  const { signal, spoolDir } = ctx.session;
  const { random } = ctx.ambient;
  const outcomes = mapInOrder(steps(order), objectsAtOnce, signal, (step, inner) =>
    take(ctx, step, inner),
  );
  await using first = await RowFile.write<Outcome>(spoolDir, random, outcomes, signal);
  const segments = await segmentContainers(first);
  await order.shipSegments(segments);
  const settled = await settleInRounds<Pending, Outcome>({
    spoolDir,
    random,
    signal,
    atOnce: objectsAtOnce,
    kinds: (['slo', 'dlo', 'symlink'] as const).map((kind) => () => pendingOf(first, kind)),
    attempt: (pending, inner) => shipPending(ctx, pending, inner),
    giveUp: (pending, inner) => giveUp(ctx, pending, inner),
  });
  try {
    const total = { objects: 0, bytes: 0 };
    const rows = counted(mergedRows([first.rows(), ...settled.map(doneOf)]), total);
    const catalog = await ctx.session.bank.writeCatalog(ctx.session.group, rows, signal);
    return { catalog, ...total, segments };
  } finally {
    await closeAll(settled);
  }
}

async function* steps(order: ShipOrder): AsyncGenerator<Step> {
  const { ctx, previous, isReconciling, isDamaged } = order;
  const { session, container, mirror } = ctx;
  const { signal } = session;
  const rules = {
    account: session.source.objectStore.account,
    container,
    isReconciling,
    isDamaged,
  };
  const merged = mergeByName<[ListingRow, CatalogRow, ListingRow]>(
    order.listing(),
    previous === null ? none() : catalogRows(session.bank.readCatalog(previous.catalog, signal)),
    isReconciling ? session.target.objectStore.list(mirror, { signal }) : none(),
  );
  for await (const { name, groups } of merged) {
    const [source, before, listed] = groups;
    const known: Known = {
      name,
      source: source.at(-1),
      previous: before.at(-1),
      mirror: listed.at(-1),
    };
    yield planStep(known, rules);
  }
}

function take(ctx: ShipContext, step: Step, signal: AbortSignal): Promise<Outcome> | Outcome {
  const { progress } = ctx.session;
  switch (step.act) {
    case 'carry':
      progress.present({ objects: 1, bytes: ownBytes(step.row) });
      return { name: step.row.name, row: step.row };
    case 'nothing':
      return { name: step.name, absent: true };
    case 'delete':
      return deleteInMirror(ctx, step.name, signal);
    case 'refresh':
      return refreshObject(ctx, step.source, step.version, step.known, signal);
    case 'ship':
      progress.expect({ objects: 1, bytes: step.source.bytes });
      return shipObject(ctx, step.source, signal);
    case 'defer': {
      const { source, kind } = step;
      progress.expect({ objects: 1 });
      if (kind === 'slo') return deferSlo(ctx, source, signal);
      return { name: source.name, pending: { name: source.name, kind, source, segments: [] } };
    }
  }
}

/** Leaves a delete marker, and the versions; deleting again leaves one marker more. */
async function deleteInMirror(ctx: ShipContext, name: string, signal: AbortSignal) {
  await ctx.session.target.objectStore.delete(ctx.mirror, name, { signal });
  return { name, absent: true } as const;
}

async function segmentContainers(first: RowFile<Outcome>): Promise<readonly string[]> {
  const found = new Set<string>();
  for await (const outcome of first.rows()) {
    const needed = 'row' in outcome ? outcome.row.segments : pendingIn(outcome)?.segments;
    for (const container of needed ?? []) found.add(container);
  }
  return [...found].sort();
}

async function* pendingOf(first: RowFile<Outcome>, kind: Pending['kind']): AsyncGenerator<Pending> {
  for await (const outcome of first.rows()) {
    const pending = pendingIn(outcome);
    if (pending?.kind === kind) yield pending;
  }
}

function pendingIn(outcome: Outcome): Pending | undefined {
  return 'pending' in outcome ? outcome.pending : undefined;
}

async function* mergedRows(sources: readonly AsyncIterable<Outcome>[]): AsyncGenerator<CatalogRow> {
  for await (const { name, groups } of mergeByName<Outcome[]>(...sources)) {
    const outcomes = groups.flat();
    const row = outcomes.map(rowOfOutcome).find((found) => found !== undefined);
    if (row !== undefined) yield row;
    else if (outcomes.some((outcome) => 'pending' in outcome) && outcomes.length === 1)
      throw new FarshoreError('it was put off and never shipped', {
        code: 'container.object-forgotten',
        kind: 'fatal',
        operation: 'write catalog',
        subject: name,
      });
  }
}

async function* counted(
  rows: AsyncIterable<CatalogRow>,
  total: { objects: number; bytes: number },
): AsyncGenerator<CatalogRow> {
  for await (const row of rows) {
    total.objects += 1;
    total.bytes += ownBytes(row);
    yield row;
  }
}

export function ownBytes(row: CatalogRow): number {
  return kindOf(row) === 'plain' ? row.bytes : 0;
}
