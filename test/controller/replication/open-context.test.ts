import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openContext } from '../../../controller/replication/open-context.ts';
import { gold, sessionOf, specOf } from '../support/fixtures.ts';
import { memorySites, MemoryRegion } from '../support/memory-sites.ts';

describe('both sides of a session', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'farshore-context-'));
  });

  afterEach(() => rm(dir, { recursive: true }));

  for (const listingLagMs of [undefined, 20_000])
    it(`are opened with the listing lag of the source's region: ${listingLagMs ?? 'not told'}`, async () => {
      const east = Object.assign(new MemoryRegion('east'), { listingLagMs });
      const west = Object.assign(new MemoryRegion('west'), { listingLagMs: 1 });
      const opened = await openContext(
        sessionOf('shop', 's1'),
        specOf('shop'),
        gold,
        { sites: memorySites([east, west], dir), spoolDir: join(dir, 'spool') },
        new AbortController().signal,
      );
      expect(opened.listingLagMs).to.equal(listingLagMs);
    });
});
