import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { StoredSet, type Stored } from '../../../../replicator/container/verify/stored-set.ts';

function thing(n: number): Stored {
  const sha256 = createHash('sha256').update(`${n}`).digest('hex');
  const md5 = createHash('md5').update(`${n}`).digest('hex');
  const name = n % 7 === 0 ? `large/s1-${n}` : `${sha256.slice(0, 2)}/${sha256}`;
  return { name, bytes: n, md5 };
}

function setOf(...things: readonly Stored[]): StoredSet {
  const set = new StoredSet();
  for (const each of things) set.add(each);
  return set;
}

describe('container verify: the set of what should lie in the bank', () => {
  it('tells what was seen from what was not, however large it grew', () => {
    const all = Array.from({ length: 20_000 }, (_, n) => thing(n));
    const set = new StoredSet();
    for (const [n, each] of all.entries()) {
      set.add(each);
      if (n % 3 === 0) set.see(each);
    }
    expect(set.size).to.equal(all.length);
    for (const each of all.slice(15_000)) set.see(each);
    const expected = all.map((_, n) => n % 3 === 0 || n >= 15_000);
    expect(all.map((each) => set.hasSeen(each))).to.deep.equal(expected);
    expect(set.unseen).to.equal(expected.filter((isSeen) => !isSeen).length);
  });

  it('holds what many objects share once, and knows it as seen when it is added again', () => {
    const set = setOf(thing(1), thing(1));
    expect([set.size, set.unseen]).to.deep.equal([1, 1]);
    set.see(thing(1));
    set.see(thing(1));
    set.add(thing(1));
    expect([set.size, set.unseen]).to.deep.equal([1, 0]);
  });

  it('keeps nothing of what was never added', () => {
    const set = setOf(thing(1));
    set.see(thing(2));
    expect([set.size, set.unseen, set.hasSeen(thing(2))]).to.deep.equal([1, 1, false]);
  });

  for (const number of [1, 7]) {
    const { name, bytes, md5 } = thing(number);
    const others: Readonly<Record<string, Stored>> = {
      'another length': { name, bytes: bytes + 1, md5 },
      'a length of 4 GiB more': { name, bytes: bytes + 2 ** 32, md5 },
      'another hash': { name, bytes, md5: thing(2).md5 },
      'no hash': { name, bytes, md5: '' },
      'another key': { name: thing(8).name, bytes, md5 },
      'a key of another kind': { name: `large/${name}`, bytes, md5 },
    };
    for (const [what, other] of Object.entries(others)) {
      it(`is not content with ${what} in place of ${name.slice(0, 8)}…`, () => {
        const set = setOf({ name, bytes, md5 });
        set.see(other);
        expect([set.unseen, set.hasSeen({ name, bytes, md5 })]).to.deep.equal([1, false]);
      });
    }
  }
});
