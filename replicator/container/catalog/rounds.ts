import type { Random } from '../../../kernel/random.ts';
import type { Concurrency } from '../../transfer/pace.ts';
import { mapInOrder } from './in-order.ts';
import type { Named } from './merge.ts';
import { RowFile } from './row-file.ts';

export interface RoundsOrder<T extends Named, R extends Named> {
  readonly spoolDir: string;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly atOnce: number | Concurrency;
  /** In the order in which they are tried; a kind's items come ordered by name, as often as asked for. */
  readonly kinds: readonly (() => AsyncIterable<T>)[];
  readonly attempt: (item: T, signal: AbortSignal) => Promise<R | 'unresolved'>;
  readonly giveUp: (item: T, signal: AbortSignal) => Promise<R>;
}

type Tried<T, R> =
  { readonly name: string; readonly done: R } | { readonly name: string; readonly left: T };

/**
 * Places what refers to one another (an SLO made of SLOs, a static symlink to a symlink) without
 * knowing the references: all are tried, what was refused is tried again, until a round places
 * nothing more. Gives one file of results for each round and kind, each ordered by name.
 */
export async function settleInRounds<T extends Named, R extends Named>(
  order: RoundsOrder<T, R>,
): Promise<readonly RowFile<Tried<T, R>>[]> {
  const files: RowFile<Tried<T, R>>[] = [];
  try {
    await settle(order, files);
    return files;
  } catch (error) {
    await closeAll(files);
    throw error;
  }
}

export async function closeAll(files: readonly AsyncDisposable[]): Promise<void> {
  for (const file of files) await file[Symbol.asyncDispose]();
}

async function settle<T extends Named, R extends Named>(
  order: RoundsOrder<T, R>,
  files: RowFile<Tried<T, R>>[],
): Promise<void> {
  let { kinds } = order;
  let left = Infinity;
  for (;;) {
    const round = await tryAll(order, kinds, left === 0 ? 'last' : 'attempt', files);
    if (round.left === 0) return;
    kinds = round.files.map((file) => () => leftOf(file));
    // A round that placed nothing is followed by one that gives up.
    left = round.placed === 0 ? 0 : round.left;
  }
}

async function tryAll<T extends Named, R extends Named>(
  order: RoundsOrder<T, R>,
  kinds: readonly (() => AsyncIterable<T>)[],
  mode: 'attempt' | 'last',
  files: RowFile<Tried<T, R>>[],
) {
  const round = { placed: 0, left: 0, files: [] as RowFile<Tried<T, R>>[] };
  for (const items of kinds) {
    const tried = mapInOrder(items(), order.atOnce, order.signal, async (item, signal) => {
      const result =
        mode === 'last' ? await order.giveUp(item, signal) : await order.attempt(item, signal);
      if (result === 'unresolved') {
        round.left += 1;
        return { name: item.name, left: item };
      }
      round.placed += 1;
      return { name: item.name, done: result };
    });
    const file = await RowFile.write<Tried<T, R>>(
      order.spoolDir,
      order.random,
      tried,
      order.signal,
    );
    files.push(file);
    round.files.push(file);
  }
  return round;
}

async function* leftOf<T extends Named, R>(file: RowFile<Tried<T, R>>): AsyncGenerator<T> {
  for await (const tried of file.rows()) if ('left' in tried) yield tried.left;
}
