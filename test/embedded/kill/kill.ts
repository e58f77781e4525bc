import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { systemClock } from '../../../kernel/clock.ts';
import { issueToken } from '../../support/token.ts';
import { writeBytes } from '../files.ts';
import { openAccess } from '../fuzz/access.ts';
import {
  expectConsistentImages,
  expectConsistentObjects,
  expectSettledVolumes,
} from '../fuzz/consistency.ts';
import { Caller } from './caller.ts';
import { found } from './found.ts';
import { Ledger, Lost } from './ledger.ts';
import { ServerProcess } from '../../support/server-process.ts';
import * as writers from './writers.ts';

const seed = 20_260_101;

/** Declares the rounds: written to, killed, started again, looked at. */
export function keepsAllWhenKilled(rounds: number): void {
  describe(`an embedded region that is killed ${rounds} times while it is written to`, () => {
    const ledger = new Ledger();
    let directory: string;
    let region: ServerProcess;
    let caller: Caller;
    let source: string;

    const volumeFile = (id: string): string => join(directory, 'block-storage', 'disks', id);

    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'farshore-kill-'));
      region = await ServerProcess.region(directory);
      const { token, projectId } = await issueToken(region.url);
      caller = new Caller(region.url, token, projectId);
      await caller.call(['PUT', `/v1/AUTH_${projectId}/${writers.container}`], [201]);
      await writers.made(caller, ledger, 'volume', 'source', { size: 1 });
      source = (await writers.rows(caller, 'volume'))[0]!.id;
      await writeBytes(volumeFile(source), 3_000_000, { randomMiB: 2, seed });
      await writers.made(caller, ledger, 'backup', 'source', { volume_id: source });
    });

    after(async () => {
      await region.end('SIGKILL');
      await rm(directory, { recursive: true });
    });

    /** Until the region is gone. */
    async function write(round: number): Promise<void> {
      const all = [
        writers.objects(caller, ledger, `a${round}`),
        writers.objects(caller, ledger, `b${round}`),
        writers.images(caller, ledger, `c${round}`),
        writers.projects(caller, ledger, `d${round}`),
        writers.volumes(source)(caller, ledger, `e${round}`),
      ];
      await Promise.all(
        all.map((writing) =>
          writing.catch((error: unknown) => {
            if (!(error instanceof Lost)) throw error;
          }),
        ),
      );
    }

    async function expectAllKept(): Promise<void> {
      const access = await openAccess(region.url);
      await expectSettledVolumes(access.scope);
      expect(ledger.faults(await found(caller, access.scope, ledger))).to.deep.equal([]);
      await expectConsistentObjects(access.scope);
      await expectConsistentImages(access.scope);
      await access.close();
    }

    // So many acts and not so much time, so that a round is as large on any machine.
    const moment = fc.record({
      acts: fc.integer({ min: 20, max: 120 }),
      thenMs: fc.integer({ min: 0, max: 20 }),
    });
    for (const [round, { acts, thenMs }] of fc.sample(moment, { numRuns: rounds, seed }).entries())
      it(`has all that it acknowledged, whole, and nothing half written: ${acts} acts and ${thenMs} ms`, async () => {
        const acknowledged = ledger.after(acts);
        const writing = write(round);
        await Promise.race([acknowledged, writing]);
        await systemClock.sleep(thenMs);
        await region.end('SIGKILL');
        await writing;
        region = await ServerProcess.region(directory);
        caller = new Caller(region.url, caller.token, caller.projectId);
        await expectAllKept();
      });

    it('restores a backup from before all that', async () => {
      const backup = (await writers.rows(caller, 'backup')).find(({ name }) => name === 'source')!;
      await writers.made(caller, ledger, 'volume', 'restored', { size: 1 });
      const restored = (await writers.rows(caller, 'volume')).find(
        (row) => row.name === 'restored',
      )!;
      const path = `/volume/v3/${caller.projectId}/backups/${backup.id}/restore`;
      await caller.call(['POST', path], [202], { restore: { volume_id: restored.id } });
      const access = await openAccess(region.url);
      await expectSettledVolumes(access.scope);
      await access.close();
      const written = await beginningOf(volumeFile(source));
      expect(written.equals(await beginningOf(volumeFile(restored.id)))).to.equal(true);
      expect(ledger.acknowledged).to.be.at.least(20 * rounds);
    });
  });
}

/** With all that was written to it; what comes after is zeros. */
async function beginningOf(path: string): Promise<Buffer> {
  await using file = await open(path);
  const bytes = Buffer.alloc(8 * 1024 ** 2);
  await file.read(bytes, 0, bytes.length, 0);
  return bytes;
}
