import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Level } from 'level';
import type { FarshoreError } from '../../../kernel/errors.ts';
import { LevelStore } from '../../../controller/store/level-store.ts';
import { put } from '../../../controller/store/store.ts';
import { storeContract } from './contract.ts';

const writer = fileURLToPath(new URL('writer.ts', import.meta.url));

describe('LevelStore', () => {
  const made: string[] = [];
  const directory = async (): Promise<string> => {
    const path = await mkdtemp(join(tmpdir(), 'farshore-store-'));
    made.push(path);
    return path;
  };
  after(() => Promise.all(made.map((path) => rm(path, { recursive: true }))));

  describe('contract', () => {
    let path: string;
    storeContract(
      async () => {
        path = await directory();
        return LevelStore.open(path);
      },
      async (store) => {
        await store.close();
        return LevelStore.open(path);
      },
    );
  });

  it('refuses a directory that is in use, naming it and the way out', async () => {
    const path = await directory();
    const store = await LevelStore.open(path);
    const refused = (await LevelStore.open(path).catch((e: unknown) => e)) as FarshoreError;
    await store.close();
    expect(refused).to.include({ code: 'store.in-use', kind: 'fatal', subject: path });
    expect(refused.hint).to.match(/dataDir/);
  });

  it('refuses a place where no directory can be', async () => {
    const file = join(await directory(), 'file');
    await writeFile(file, '');
    const refused = await LevelStore.open(join(file, 'state')).catch((e: unknown) => e);
    expect(refused).to.have.property('code', 'store.unwritable');
  });

  it('tells a value that was changed behind its back, naming the key, and gives the others', async () => {
    const path = await directory();
    const store = await LevelStore.open(path);
    await store.transact([], [put({ path: 'a/1' }, { n: 1 }), put({ path: 'b/2' }, { n: 2 })]);
    await store.close();
    const raw = new Level(path);
    await raw.put('k/a/1', (await raw.get('k/a/1')).replace('"n":1', '"n":7'));
    await raw.close();

    const again = await LevelStore.open(path);
    const failures: unknown[] = [
      await again.get({ path: 'a/1' }).catch((e: unknown) => e),
      await again.range({ path: 'a/' }).catch((e: unknown) => e),
      await again.transact([{ path: 'a/1', modRevision: 1 }], []).catch((e: unknown) => e),
    ];
    for (const failure of failures)
      expect(failure).to.include({ code: 'store.corrupt', subject: 'a/1' });
    expect((await again.get({ path: 'b/2' }))?.value).to.deep.equal({ n: 2 });
    await again.close();
  });

  it('has all that was acknowledged, and no half transaction, after kill -9', async () => {
    const path = await directory();
    let acknowledged = -1;
    for (const further of [5, 10, 20]) {
      const child = spawn(process.execPath, [writer, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        acknowledged = Math.max(acknowledged, ...text.trim().split('\n').map(Number));
      });
      const from = acknowledged;
      while (acknowledged < from + further) await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'close');
      await expectWhole(path, acknowledged);
    }
    expect(acknowledged).to.be.at.least(34);
  });

  it('deletes the keys of leases that another process held, before anything else', async () => {
    const path = await directory();
    const store = await LevelStore.open(path);
    const lease = await store.lease();
    const kept = put({ path: 'a/2' }, 2);
    await store.transact([], [put({ path: 'a/1' }, 1, lease), kept]);
    const before = (await store.page({ path: '' }, { limit: 1 })).revision;
    await store.close();
    const again = await LevelStore.open(path);
    const { entries, revision } = await again.page({ path: '' }, { limit: 9 });
    expect(entries.map((entry) => entry.path)).to.deep.equal(['a/2']);
    expect(revision).to.equal(before + 1);
    await again.close();
    const third = await LevelStore.open(path);
    expect((await third.page({ path: '' }, { limit: 9 })).revision).to.equal(revision);
    await third.close();
  });

  it('forgets the instants of pages once there are many, and says so', async () => {
    const store = await LevelStore.open(await directory());
    const revisions: number[] = [];
    for (let n = 0; n < 20; n++) {
      await store.transact([], [put({ path: 'a/1' }, n), put({ path: 'a/2' }, n)]);
      revisions.push((await store.page({ path: 'a/' }, { limit: 1 })).revision);
    }
    const second = (revision: number | undefined) =>
      store
        .page({ path: 'a/' }, { limit: 1, after: 'a/1', revision: revision ?? -1 })
        .catch((e: unknown) => e);
    expect(await second(revisions[0])).to.have.property('code', 'store.compacted');
    expect(await second(revisions[10])).to.have.property('revision', revisions[10]);
    await store.close();
  });

  it('on a full disk fails for good, and has all that was acknowledged at the next start', async () => {
    const path = await directory();
    // A limit on the size of files stands for the full disk: the write fails with EFBIG.
    const limited = ['-c', 'ulimit -f 64; exec "$@"', 'sh', process.execPath, writer, path, '2000'];
    const child = spawn('bash', limited, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    await once(child, 'close');
    const lines = output.trim().split('\n');
    expect(lines.pop()).to.equal('failed store.failed');
    expect(lines.length).to.be.greaterThan(5);
    await expectWhole(path, Number(lines.at(-1)));
    expect(await readdir(path)).to.include('CURRENT');
  });
});

/** Every number up to the acknowledged is there, and each left has its right. */
async function expectWhole(path: string, acknowledged: number): Promise<void> {
  const store = await LevelStore.open(path);
  const numbers = async (side: string): Promise<number[]> =>
    (await store.range<{ n: number }>({ path: side })).map(({ value }) => value.n);
  const left = await numbers('left/');
  const right = await numbers('right/');
  await store.close();
  expect(left).to.deep.equal(Array.from({ length: left.length }, (_, n) => n));
  expect(right).to.deep.equal(left);
  expect(left.length).to.be.greaterThan(acknowledged);
}
