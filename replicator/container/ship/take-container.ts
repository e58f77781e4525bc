import { FarshoreError } from '../../../kernel/errors.ts';
import type { Progress } from '../../../kernel/progress.ts';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import { mapInOrder } from '../catalog/in-order.ts';
import { mergeByName } from '../catalog/merge.ts';
import { closeAll } from '../catalog/rounds.ts';
import { RowFile } from '../catalog/row-file.ts';
import { kindOf, ownBytes, type CatalogRow } from '../catalog/row.ts';
import { again, attempt } from './attempt.ts';
import { rowOfOutcome, type Outcome, type ShipContext, type Stored } from './context.ts';
import type { OutcomeJournal, OutcomeJournals } from './outcome-journal.ts';
import { planStep, type PlanRules, type Step } from './plan.ts';

/** What failed in passing is tried again after so long: Swift leaves a failing disk alone for a minute. */
const pausesMs = [2_000, 15_000, 70_000];

export interface TakeOrder {
  readonly ctx: ShipContext;
  readonly listing: () => AsyncIterable<ListingRow>;
  /** Rows that may be carried: of the copy before first, then of other parts of this session. */
  readonly previous: readonly (() => AsyncIterable<CatalogRow>)[];
  readonly journals: OutcomeJournals<Stored>;
  readonly isDamaged: (row: CatalogRow) => boolean;
}

export interface Taken extends AsyncDisposable {
  /** The rows of the new catalog, in order; may be read again and again. */
  rows(): AsyncGenerator<CatalogRow>;
  /** They are those of the copy before, one by one. */
  readonly isUnchanged: boolean;
  readonly bytes: number;
  /** Rows that refer to other objects. */
  readonly references: number;
}

interface State {
  readonly present: PresentCount;
  isChanged: boolean;
  later: number;
  bytes: number;
  references: number;
}

/** Objects that are as they were go by in hundreds of thousands: their progress is told by the thousand. */
class PresentCount {
  readonly #progress: Progress;
  #objects = 0;
  #bytes = 0;

  constructor(progress: Progress) {
    this.#progress = progress;
  }

  add(bytes: number): void {
    this.#objects += 1;
    this.#bytes += bytes;
    if (this.#objects >= 1_000) this.tell();
  }

  tell(): void {
    if (this.#objects > 0) this.#progress.present({ objects: this.#objects, bytes: this.#bytes });
    this.#objects = 0;
    this.#bytes = 0;
  }
}

/**
 * Brings the bytes of the listing's objects into the bank. Killed anywhere: the bank holds some of them,
 * and no catalog names them; the next run finds in the journal what was stored, all that was answered.
 */
export async function takeContainer(order: TakeOrder): Promise<Taken> {
  const { ctx, journals } = order;
  const { signal, spoolDir } = ctx.session;
  const { random } = ctx.ambient;
  const files: RowFile<Outcome>[] = [];
  const present = new PresentCount(ctx.session.progress);
  const state: State = { present, isChanged: false, later: 0, bytes: 0, references: 0 };
  try {
    await using earlier = await journals.earlier({ spoolDir, random, signal });
    const journal = await journals.next();
    try {
      const steps = plan(
        order,
        earlier.count === 0 ? [] : [() => shippedRows(earlier.rows())],
        state,
      );
      const first = mapInOrder(steps, ctx.pace, signal, (step, inner) =>
        take(ctx, step, state, journal, inner),
      );
      files.push(await RowFile.write(spoolDir, random, counted(first, state), signal));
      present.tell();
      await settle(ctx, state, files, journal);
    } finally {
      journal.close();
    }
    await assertStillThere(ctx);
  } catch (error) {
    await closeAll(files);
    throw error;
  }
  return {
    isUnchanged: !state.isChanged && files.every(({ count }) => count === 0),
    bytes: state.bytes,
    references: state.references,
    rows: () => finalRows(order, files),
    [Symbol.asyncDispose]: () => closeAll(files),
  };
}

async function* plan(
  order: TakeOrder,
  shipped: readonly (() => AsyncIterable<CatalogRow>)[],
  state?: State,
): AsyncGenerator<Step> {
  const { ctx, previous } = order;
  const rules: PlanRules = {
    account: ctx.session.source.objectStore.account,
    container: ctx.container,
    isDamaged: order.isDamaged,
  };
  const streams = [...previous, ...shipped].map((open) => open());
  const merged = mergeByName<[ListingRow, ...CatalogRow[]]>(order.listing(), ...streams);
  for await (const { name, groups } of merged) {
    const [listed, ...known] = groups;
    const step = planStep(
      {
        name,
        source: listed.at(-1),
        previous: known.slice(0, previous.length).flat(),
        shipped: known.slice(previous.length).flat(),
      },
      rules,
    );
    const before = known[0]?.at(-1);
    if (state !== undefined && (previous.length === 0 || carried(step) !== before))
      state.isChanged = true;
    yield step;
  }
}

function carried(step: Step): CatalogRow | undefined {
  return step.act === 'carry' && !step.isShipped ? step.row : undefined;
}

async function* shippedRows(all: AsyncIterable<Stored>): AsyncGenerator<CatalogRow> {
  for await (const { row } of all) yield row;
}

/** Undefined for what needs no outcome: it is as it was, or gone. */
function take(
  ctx: ShipContext,
  step: Step,
  state: State,
  journal: OutcomeJournal<Stored>,
  signal: AbortSignal,
): Promise<Outcome> | Outcome | undefined {
  const { progress } = ctx.session;
  switch (step.act) {
    case 'nothing':
      return undefined;
    case 'carry':
      state.present.add(ownBytes(step.row));
      if (step.row.sha256 !== undefined) ctx.contents.add(step.row.sha256);
      if (step.isShipped) return { name: step.row.name, row: step.row };
      count(step.row, state);
      return undefined;
    case 'describe':
      return told(attempt(ctx, step, signal), journal);
    case 'read':
      progress.expect({ objects: 1, bytes: step.as === 'object' ? step.source.bytes : 0 });
      return told(attempt(ctx, step, signal), journal);
  }
}

/** At once: the results wait for their turn, and what was stored must not be forgotten with them. */
async function told(trial: Promise<Outcome>, journal: OutcomeJournal<Stored>): Promise<Outcome> {
  const outcome = await trial;
  if ('row' in outcome) journal.add(outcome);
  return outcome;
}

function count(row: CatalogRow, state: State): void {
  state.bytes += ownBytes(row);
  if (kindOf(row) !== 'plain') state.references += 1;
}

async function* counted(outcomes: AsyncIterable<Outcome>, state: State): AsyncGenerator<Outcome> {
  for await (const outcome of outcomes) {
    if ('later' in outcome) state.later += 1;
    if ('row' in outcome) count(outcome.row, state);
    yield outcome;
  }
}

type Later = Extract<Outcome, { readonly later: ListingRow }>;

/** One after the other, with growing pauses, so that what was too much for a service is so no more. */
async function settle(
  ctx: ShipContext,
  state: State,
  files: RowFile<Outcome>[],
  journal: OutcomeJournal<Stored>,
): Promise<void> {
  const { signal, spoolDir } = ctx.session;
  const { clock, random } = ctx.ambient;
  for (const [round, pauseMs] of pausesMs.entries()) {
    const from = files.at(-1);
    if (state.later === 0 || from === undefined) break;
    await clock.sleep(pauseMs * (0.75 + random.next() / 2), signal);
    const isLast = round === pausesMs.length - 1;
    const items = laterOf(from.rows());
    state.later = 0;
    const tried = mapInOrder(items, isLast ? 1 : 2, signal, ({ later, code }, inner) =>
      told(attempt(ctx, again(later), inner, { code, isLast }), journal),
    );
    files.push(await RowFile.write(spoolDir, random, counted(tried, state), signal));
  }
}

async function* laterOf(outcomes: AsyncIterable<Outcome>): AsyncGenerator<Later> {
  for await (const outcome of outcomes) if ('later' in outcome) yield outcome;
}

/** A container that went while it was read would else look like one that was emptied. */
async function assertStillThere(ctx: ShipContext): Promise<void> {
  if (ctx.tally.gone === 0) return;
  const { source, signal } = ctx.session;
  if ((await source.objectStore.headContainer(ctx.container, signal)) !== null) return;
  throw new FarshoreError('the container went while its objects were read', {
    code: 'container.not-found',
    kind: 'permanent',
    operation: 'ship container',
    subject: ctx.container,
    hint: 'if it was deleted on purpose, take it out of the group',
  });
}

async function* finalRows(
  order: TakeOrder,
  files: readonly RowFile<Outcome>[],
): AsyncGenerator<CatalogRow> {
  const planned = named(plan(order, []));
  const streams = files.map((file) => file.rows());
  for await (const { name, groups } of mergeByName<[Planned, ...Outcome[]]>(planned, ...streams)) {
    const [steps, ...done] = groups;
    const step = steps.at(-1)?.step;
    const kept = step === undefined ? undefined : carried(step);
    const row =
      kept ??
      done
        .flat()
        .map(rowOfOutcome)
        .find((found) => found !== undefined);
    if (row !== undefined) yield row;
    else if (step?.act !== 'nothing' && !done.flat().some((outcome) => 'absent' in outcome))
      throw forgotten(order.ctx, name);
  }
}

interface Planned {
  readonly name: string;
  readonly step: Step;
}

async function* named(steps: AsyncIterable<Step>): AsyncGenerator<Planned> {
  for await (const step of steps) yield { name: nameOf(step), step };
}

function nameOf(step: Step): string {
  switch (step.act) {
    case 'nothing':
      return step.name;
    case 'carry':
      return step.row.name;
    case 'describe':
    case 'read':
      return step.source.name;
  }
}

function forgotten(ctx: ShipContext, name: string): FarshoreError {
  return new FarshoreError('it was put off and never stored', {
    code: 'container.object-forgotten',
    kind: 'fatal',
    operation: 'write catalog',
    subject: `${ctx.container}/${name}`,
  });
}
