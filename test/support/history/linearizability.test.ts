import { expect } from 'chai';

import { checkHistory, type Verdict } from './linearizability.ts';
import type { Action, Operation, Outcome } from './operation.ts';

const read: Action = { type: 'read' };
const write = (value: string): Action => ({ type: 'write', value });
const swap = (expected: string | null, value: string): Action => ({
  type: 'compare-and-set',
  expected,
  value,
});
const saw = (value: string | null): Outcome => ({ type: 'read', value });
const written: Outcome = { type: 'written' };
const compared = (held: boolean): Outcome => ({ type: 'compared', held });
const unknown: Outcome = { type: 'unknown' };
const refused: Outcome = { type: 'refused' };

type Row = readonly [invokedMs: number, endedMs: number, Action, Outcome, key?: string];

function history(...rows: readonly Row[]): readonly Operation[] {
  return rows.map(([invokedMs, endedMs, action, outcome, key = 'k'], index) => ({
    client: `c${index}`,
    key,
    action,
    outcome,
    invokedMs,
    endedMs,
  }));
}

const linearizable: Record<string, readonly Row[]> = {
  'nothing at all': [],
  'a read of what was never written': [[0, 1, read, saw(null)]],
  'a read of the last write': [
    [0, 1, write('a'), written],
    [2, 3, write('b'), written],
    [4, 5, read, saw('b')],
  ],
  'reads that overlap a write, old and new': [
    [0, 1, write('a'), written],
    [2, 9, write('b'), written],
    [3, 4, read, saw('a')],
    [5, 6, read, saw('b')],
    [7, 8, read, saw('b')],
  ],
  'overlapping writes in the other order than they began': [
    [0, 9, write('a'), written],
    [1, 8, write('b'), written],
    [10, 11, read, saw('a')],
  ],
  'a comparison that held, and one that did not': [
    [0, 1, swap(null, 'a'), compared(true)],
    [2, 3, swap(null, 'b'), compared(false)],
    [4, 5, swap('a', 'c'), compared(true)],
    [6, 7, read, saw('c')],
  ],
  'an unknown write seen long after its client gave up': [
    [0, 1, write('a'), unknown],
    [2, 3, read, saw(null)],
    [4, 5, read, saw('a')],
  ],
  'an unknown write never seen': [
    [0, 1, write('a'), unknown],
    [2, 3, read, saw(null)],
  ],
  'an unknown write that only a failed comparison shows': [
    [0, 1, write('a'), written],
    [2, 3, write('b'), unknown],
    [4, 5, swap('a', 'c'), compared(false)],
    [6, 7, read, saw('b')],
  ],
  'an unknown comparison that held': [
    [0, 1, write('a'), written],
    [2, 3, swap('a', 'b'), unknown],
    [4, 5, read, saw('a')],
    [6, 7, read, saw('b')],
  ],
  'an unknown read': [[0, 1, read, unknown]],
  'refused writes that nobody saw': [
    [0, 1, write('a'), refused],
    [2, 3, read, saw(null)],
  ],
  'keys that know nothing of each other': [
    [0, 1, write('a'), written, 'x'],
    [2, 3, read, saw(null), 'y'],
    [4, 5, read, saw('a'), 'x'],
  ],
};

const contradictory: Record<string, readonly Row[]> = {
  'a read of an old value after the new one was acknowledged': [
    [0, 1, write('a'), written],
    [2, 3, write('b'), written],
    [4, 5, read, saw('a')],
  ],
  'reads that go back in time while a write is under way': [
    [0, 1, write('a'), written],
    [2, 9, write('b'), written],
    [3, 4, read, saw('b')],
    [5, 6, read, saw('a')],
  ],
  'an acknowledged write that was lost': [
    [0, 1, write('a'), written],
    [2, 3, read, saw(null)],
  ],
  'a value that nobody wrote': [[0, 1, read, saw('a')]],
  'a value seen before its write began': [
    [0, 1, read, saw('a')],
    [2, 3, write('a'), written],
  ],
  'two comparisons with one value that both held': [
    [0, 9, swap(null, 'a'), compared(true)],
    [1, 8, swap(null, 'b'), compared(true)],
  ],
  'a comparison that should have held': [
    [0, 1, write('a'), written],
    [2, 3, swap('a', 'b'), compared(false)],
  ],
  'a refused write that took effect': [
    [0, 1, write('a'), refused],
    [2, 3, read, saw('a')],
  ],
  'an unknown write seen before it began': [
    [0, 1, read, saw('a')],
    [2, 3, write('a'), unknown],
  ],
  'an unknown write that took effect twice': [
    [0, 1, write('a'), unknown],
    [2, 3, read, saw('a')],
    [4, 5, write('b'), written],
    [6, 7, read, saw('a')],
  ],
  'an unknown comparison that cannot have held': [
    [0, 1, write('a'), written],
    [2, 3, swap('x', 'b'), unknown],
    [4, 5, read, saw('b')],
  ],
};

describe('linearizability of a history', () => {
  for (const [name, rows] of Object.entries(linearizable))
    it(`accepts ${name}`, () => {
      expect(checkHistory(history(...rows))).to.deep.equal({ type: 'linearizable' });
    });

  for (const [name, rows] of Object.entries(contradictory))
    it(`finds ${name}`, () => {
      expect(checkHistory(history(...rows)).type).to.equal('contradiction');
    });

  it('tells the key, the value that was reached and who contradicts it', () => {
    const operations = history(
      [0, 1, write('a'), written],
      [2, 3, write('b'), written],
      [4, 5, read, saw('a')],
      [6, 7, read, saw('b')],
    );
    const expected: Verdict = {
      type: 'contradiction',
      key: 'k',
      value: 'b',
      candidates: [operations[2]!],
    };
    expect(checkHistory(operations)).to.deep.equal(expected);
  });

  it('says that it gave up, which is no pass', () => {
    const rows: Row[] = Array.from({ length: 16 }, (_, at) => [0, 1, write(`w${at}`), unknown]);
    const operations = history(...rows, [2, 3, read, saw('nobody')]);
    expect(checkHistory(operations, 1_000)).to.deep.equal({ type: 'undecided', key: 'k' });
  });

  it('judges thousands of overlapping operations with unknown ones among them', () => {
    // One true order, whose operations begin and end around their place in it.
    const operations: Operation[] = [];
    let value: string | null = null;
    for (let at = 0; at < 5_000; at += 1) {
      const base = {
        client: `c${at % 8}`,
        key: 'k',
        invokedMs: at - (at % 7),
        endedMs: at + (at % 5),
      };
      if (at % 3 === 0) {
        value = `v${at}`;
        const outcome = at % 300 === 0 ? unknown : written;
        operations.push({ ...base, action: write(value), outcome });
      } else operations.push({ ...base, action: read, outcome: saw(value) });
    }
    expect(checkHistory(operations)).to.deep.equal({ type: 'linearizable' });
    const stale: Operation = {
      client: 'late',
      key: 'k',
      action: read,
      outcome: saw('v600'),
      invokedMs: 4_000,
      endedMs: 4_001,
    };
    expect(checkHistory([...operations, stale]).type).to.equal('contradiction');
  });
});
