import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../kernel/clock.ts';

const main = join(import.meta.dirname, '../../controller/cli/main.ts');

describe('the demo', () => {
  let folder: string;
  let demo: ChildProcess;
  let printed: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farshore-demo-test-'));
    printed = '';
  });
  afterEach(async () => {
    demo.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  /** With a directory for temporary files that nobody else uses. */
  function start(...options: readonly string[]): void {
    demo = spawn(process.execPath, [main, 'demo', '--objects', '60', ...options], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [demo.stdout!, demo.stderr!])
      stream.on('data', (part: Buffer) => (printed += part.toString('utf8')));
  }

  async function until(text: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = text.exec(printed);
      if (found !== null) return found;
      if (demo.exitCode !== null) throw new Error(`the demo ended:\n${printed}`);
      await systemClock.sleep(50);
    }
  }

  async function ended(): Promise<number | null> {
    if (demo.exitCode === null) await once(demo, 'exit');
    return demo.exitCode;
  }

  it('proves all of it, stays up, and leaves nothing when it is told to stop', async () => {
    start();
    const [, api = ''] = await until(/FARSHORE_API=(http:\S+)/);
    expect(printed).to.match(/Equal in west, byte for byte .*: 1 volume, 2 images, 57 objects/);
    expect(printed).to.match(/RPO +\S.*yes\n +RTO +\S.*yes\n/);
    expect((await fetch(`${api}/readyz`)).status).to.equal(200);
    demo.kill('SIGINT');
    expect(await ended(), printed).to.equal(0);
    expect(await readdir(folder)).to.deep.equal([]);
    expect(await fetch(`${api}/readyz`).catch(() => 'gone')).to.equal('gone');
  });

  it('says that it was stopped before its end, and leaves nothing', async () => {
    start('--once');
    await until(/The controller starts/);
    demo.kill('SIGTERM');
    expect(await ended()).to.equal(1);
    expect(printed).to.include('farshore: run the demo: it was stopped before its end\n');
    expect(await readdir(folder)).to.deep.equal([]);
  });
});
