import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Ambient } from '../../../kernel/ambient.ts';
import { systemClock } from '../../../kernel/clock.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { Log } from '../../../kernel/log.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { findRunning } from '../../../controller/raft/member/running.ts';
import {
  MemberSupervisor,
  type SupervisorOptions,
} from '../../../controller/raft/member/supervisor.ts';
import { rejection } from '../../support/rejection.ts';

/** In place of etcd: says with which flags it runs, until it is told to stop. */
const program = `#!/bin/sh
echo '{"level":"info","msg":"started"}'
echo '{"level":"warn","msg":"slow"}'
case " $* " in
  *" --fails "*) echo '{"level":"fatal","msg":"no disk","error":"full"}' ;;
  *" --stubborn "*) trap '' TERM ;;
  *) trap 'exit 0' TERM ;;
esac
# Only now: whoever sees the line may count on how it takes a signal.
echo "$@" >> "$0.runs"
case " $* " in *" --fails "*) exit 3 ;; esac
while :; do sleep 0.05; done
`;

describe('MemberSupervisor', () => {
  let root: string;
  let lines: string[];
  let open: MemberSupervisor[];

  /** The clock's long waits, after which things are done again or by force, are short. */
  const brisk = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 300), signal),
  };
  const log: Log = {
    debug: () => undefined,
    info: (message) => lines.push(message),
    warn: (message, fields) => lines.push(`${message} ${JSON.stringify(fields)}`),
    error: (message) => lines.push(message),
    child: () => log,
  };
  const ambient: Ambient = { clock: brisk, random: systemRandom, log };
  /** Of a controller that is dead: what it waits for never comes, so that it starts nothing again. */
  const asleep: Ambient = {
    ...ambient,
    clock: {
      ...systemClock,
      sleep: (_ms, signal) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    },
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'farshore-supervisor-'));
    await writeFile(join(root, 'etcd'), program);
    await chmod(join(root, 'etcd'), 0o700);
    lines = [];
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((supervisor) => supervisor.stop()));
    await rm(root, { recursive: true });
  });

  const dataDir = () => join(root, 'data');
  const make = (flags: readonly string[], more: Partial<SupervisorOptions> = {}) => {
    const supervisor = new MemberSupervisor({
      launch: {
        binary: join(root, 'etcd'),
        searchPath: process.env['PATH'] ?? '',
        flags: [...flags, `--data-dir=${dataDir()}`],
        log: join(root, 'etcd.log'),
      },
      dataDir: dataDir(),
      ambient,
      mayStart: () => Promise.resolve(),
      ...more,
    });
    open.push(supervisor);
    return supervisor;
  };
  const runs = async () => (await readFile(join(root, 'etcd.runs'), 'utf8')).trim().split('\n');
  const until = async (holds: () => boolean | Promise<boolean>) => {
    while (!(await holds())) await systemClock.sleep(20);
  };
  const isRunning = async () => (await findRunning(dataDir(), brisk)) !== null;

  it('starts the program and ends it', async () => {
    const supervisor = make([]);
    await supervisor.start();
    await until(isRunning);
    expect(supervisor.state().pid).to.be.greaterThan(0);
    await supervisor.stop();
    expect(await isRunning()).to.equal(false);
    expect(supervisor.state()).to.include({ pid: null, restarts: 0 });
  });

  it('ends by force what does not stop', async () => {
    const supervisor = make(['--stubborn']);
    await supervisor.start();
    await until(async () => (await runs().catch(() => [])).length === 1);
    await supervisor.stop();
    expect(await isRunning()).to.equal(false);
    expect(lines.join()).to.contain('does not stop and is killed');
  });

  it('starts again what was killed, and counts it', async () => {
    const supervisor = make([]);
    await supervisor.start();
    process.kill(supervisor.state().pid!, 'SIGKILL');
    await until(() => supervisor.state().restarts === 1 && supervisor.state().pid !== null);
    expect(lines.join()).to.contain('"how":"SIGKILL"');
  });

  it('says why the program ended, from its log', async () => {
    const supervisor = make(['--fails']);
    await supervisor.start();
    await until(() => supervisor.state().restarts > 1);
    expect(lines.join()).to.contain('exit status 3').and.to.contain('no disk: full');
    expect(supervisor.state().warnings).to.be.greaterThan(2);
  });

  it('takes over what an earlier controller left, and doubles nothing', async () => {
    // Never stopped nor seen again: as after a SIGKILL.
    const dead = make([], { ambient: asleep });
    await dead.start();
    const { pid } = dead.state();
    await until(async () => (await runs().catch(() => [])).length === 1);
    const heir = make([]);
    await heir.start();
    expect(heir.state().pid).to.equal(pid);
    await heir.stop();
    expect(await isRunning()).to.equal(false);
    expect(await runs()).to.have.length(1);
    await dead.stop();
  });

  it('starts anew what an earlier controller left with other flags', async () => {
    const dead = make(['--old'], { ambient: asleep });
    await dead.start();
    const { pid } = dead.state();
    await until(async () => (await runs().catch(() => [])).length === 1);
    const heir = make(['--new']);
    await Promise.all([heir.start(), dead.stop()]);
    expect(heir.state().pid).not.to.equal(pid);
    await until(async () => (await runs()).length === 2);
    expect((await runs())[1]).to.contain('--new');
  });

  it('does not start, and ends what runs, when it must not run any more', async () => {
    const dead = make([], { ambient: asleep });
    await dead.start();
    await until(isRunning);
    const superseded = new FarshoreError('left behind', {
      code: 'raft.superseded',
      kind: 'fatal',
      operation: 'start',
    });
    const heir = make([], { mayStart: () => Promise.reject(superseded) });
    await Promise.all([
      rejection(heir.start()).then((error) => expect(error).to.equal(superseded)),
      dead.stop(),
    ]);
    expect(await isRunning()).to.equal(false);
  });

  it('gives up when it may not start it again, and says so', async () => {
    const superseded = new FarshoreError('left behind', {
      code: 'raft.superseded',
      kind: 'fatal',
      operation: 'start',
    });
    let isFirst = true;
    const supervisor = make([], {
      mayStart: () => {
        if (!isFirst) return Promise.reject(superseded);
        isFirst = false;
        return Promise.resolve();
      },
    });
    await supervisor.start();
    process.kill(supervisor.state().pid!, 'SIGKILL');
    expect(await supervisor.failure).to.equal(superseded);
    expect(await isRunning()).to.equal(false);
  });

  it('says what to install where the program is missing', async () => {
    const supervisor = make([], {
      launch: { binary: 'no-such-etcd', searchPath: '/bin', flags: [], log: join(root, 'log') },
    });
    const error = await rejection(supervisor.start());
    expect(error).to.include({ code: 'raft.no-etcd' });
    expect(error.hint).to.contain('apt-get install etcd-server');
  });
});
