import { expect } from 'chai';
import { resourceKey, type Copy } from '../../../replicator/mover.ts';
import { contentChanges } from '../../../replicator/session/content-changes.ts';
import { copyOf } from '../../support/memory/copies.ts';
import { container, image, volume } from './harness.ts';

const at = '2026-11-21T08:00:00.000Z';

function sized(copy: Copy, objects: number, bytes: number): Copy {
  return { ...copy, objects, bytes };
}

function found(before: Copy, after: Copy, sentObjects = 0, limit = 50): readonly string[] {
  const key = resourceKey(after.resource);
  const session = {
    copies: { [key]: after },
    work: { [key]: { objects: sentObjects, bytes: 0 } },
  };
  return contentChanges(new Map([[key, before]]), session, limit).map(({ change }) => change);
}

describe('what happened to the content of a resource', () => {
  let contents = 0;
  const photos = (objects: number, bytes = objects * 10) =>
    sized(copyOf(container, `content ${(contents += 1)}`, at), objects, bytes);
  const same = photos(1000);
  const table: readonly [what: string, before: Copy, after: Copy, sent: number, string[]][] = [
    ['nothing', photos(1000), photos(1000), 0, []],
    ['growth, however much', photos(1000), photos(5000), 4000, []],
    ['growth and some rewriting', photos(1000), photos(5000), 4400, []],
    ['half was rewritten: the limit', photos(1000), photos(1000), 500, []],
    ['more than half was rewritten', photos(1000), photos(1000), 520, ['changed']],
    ['more than half is gone', photos(1000), photos(400), 0, ['changed']],
    [
      'some gone, some rewritten, more than half together',
      photos(1000),
      photos(700),
      300,
      ['changed'],
    ],
    ['all was rewritten under other names', photos(1000), photos(1000), 1000, ['changed']],
    ['all is gone', photos(1000), photos(0), 0, ['emptied']],
    ['a little is gone, and it was all there was', photos(3), photos(0), 0, ['emptied']],
    ['a handful was rewritten', photos(99), photos(99), 99, []],
    ['it was empty before', photos(0), photos(10), 10, []],
    ['the bank had lost it, and it was sent again', same, same, 1000, []],
  ];
  for (const [what, before, after, sent, expected] of table)
    it(`of a container: ${what}`, () => expect(found(before, after, sent)).to.deep.equal(expected));

  it('of a volume: its backups grow by what was written to it; a new full one tells nothing', () => {
    const size = 1024 ** 3;
    const base = sized(copyOf(volume, 'one', at), 10, size);
    const longer = copyOf(volume, 'two', at, base);
    expect(found(base, sized(longer, 11, size * 1.4))).to.deep.equal([]);
    expect(found(base, sized(longer, 16, size * 1.6))).to.deep.equal(['changed']);
    expect(found(base, sized(longer, 16, size * 1.6), 0, 70)).to.deep.equal([]);
    expect(found(base, sized(copyOf(volume, 'full', at), 20, size * 2))).to.deep.equal([]);
  });

  it('of an image: never anything; and of what was not there before', () => {
    expect(found(copyOf(image, 'a', at), copyOf(image, 'b', at), 500)).to.deep.equal([]);
    expect(contentChanges(new Map(), { copies: { x: photos(0) } }, 50)).to.deep.equal([]);
  });
});
