import { expect } from 'chai';
import fc from 'fast-check';
import { mapInOrder } from '../../../replicator/container/catalog/in-order.ts';
import { mergeByName, type Named } from '../../../replicator/container/catalog/merge.ts';
import { collect, rejection } from '../../support/rejection.ts';

async function* stream<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('\uffee', '\u{1f600}', '\ue000', '\u{10ffff}', 'a', 'a/', 'a\u0000'),
);
const names = fc.uniqueArray(name).map((found) => found.sort(byBytes));

describe('merging ordered listings', () => {
  it('gives every name once, in the order of UTF-8, with what each stream has of it', () =>
    fc.assert(
      fc.asyncProperty(names, names, names, async (a, b, c) => {
        const streams = [a, b, c].map((list, of) => list.map((each) => ({ name: each, of })));
        const merged = await collect(mergeByName<Named[]>(...streams.map(stream)));
        const expected = [...new Set([...a, ...b, ...c])].sort(byBytes);
        expect(merged.map((each) => each.name)).to.deep.equal(expected);
        for (const { name: each, groups } of merged)
          expect(groups.map((group) => group.length)).to.deep.equal(
            [a, b, c].map((list) => (list.includes(each) ? 1 : 0)),
          );
      }),
    ));

  it('orders astral names behind the private ones, which JavaScript does not', async () => {
    const merged = mergeByName<[Named, Named]>(
      stream([{ name: '\uffee' }]),
      stream([{ name: '\u{1f600}' }]),
    );
    expect((await collect(merged)).map((each) => each.name)).to.deep.equal(['\uffee', '\u{1f600}']);
    expect(['\uffee', '\u{1f600}'].sort()).to.deep.equal(['\u{1f600}', '\uffee']);
  });

  it('keeps several of one name together', async () => {
    const versions = ['a', 'a', 'b'].map((each, n) => ({ name: each, n }));
    const [first] = await collect(mergeByName<[Named]>(stream(versions)));
    expect(first!.groups[0]).to.have.length(2);
  });

  it('stops at a listing that jumps back, before it could look like a deletion', async () => {
    const seen: string[] = [];
    const reading = async () => {
      for await (const each of mergeByName<[Named, Named]>(
        stream([{ name: 'a' }, { name: 'c' }, { name: 'b' }]),
        stream([{ name: 'a' }, { name: 'b' }, { name: 'c' }]),
      ))
        seen.push(each.name);
    };
    expect((await rejection(reading())).code).to.equal('container.listing-unordered');
    expect(seen).to.deep.equal(['a', 'b']);
  });

  it('ends its streams when its reader stops', async () => {
    let ended = false;
    const source = async function* (): AsyncGenerator<Named> {
      try {
        yield await Promise.resolve({ name: 'a' });
        yield { name: 'b' };
      } finally {
        ended = true;
      }
    };
    for await (const each of mergeByName<[Named]>(source())) {
      expect(each.name).to.equal('a');
      break;
    }
    expect(ended).to.equal(true);
  });
});

describe('work in order', () => {
  const signal = new AbortController().signal;
  const pause = (turns: number): Promise<void> =>
    turns === 0 ? Promise.resolve() : Promise.resolve().then(() => pause(turns - 1));

  it('gives results in the order of the items, never more than so many at once', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 20 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        async (turns, atOnce) => {
          let active = 0;
          let most = 0;
          const results = mapInOrder(stream([...turns.entries()]), atOnce, signal, ([n, t]) => {
            if (t === 0) return n;
            active += 1;
            most = Math.max(most, active);
            return pause(t).then(() => {
              active -= 1;
              return n;
            });
          });
          expect(await collect(results)).to.deep.equal([...turns.keys()]);
          expect(most).to.be.at.most(atOnce);
        },
      ),
    ));

  it('throws the first failure after all that was under way has ended', async () => {
    let underWay = 0;
    const results = mapInOrder(stream([1, 2, 3, 4, 5, 6]), 3, signal, async (n, inner) => {
      underWay += 1;
      try {
        await pause(n * 3);
        if (n === 2) throw new RangeError('two');
        await new Promise((_, refuse) => {
          if (inner.aborted) refuse(new Error('stopped'));
          inner.addEventListener('abort', () => refuse(new Error('stopped')));
        });
        return n;
      } finally {
        underWay -= 1;
      }
    });
    const error = await collect(results).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(RangeError);
    expect(underWay).to.equal(0);
  });
});
