import type { Ambient } from '../../kernel/ambient.ts';
import { Guard } from './guard.ts';
import { lockMember } from './lock.ts';
import type { ManagedSite } from './managed.ts';
import { memberFlags } from './member/flags.ts';
import { type MemberState, MemberSupervisor } from './member/supervisor.ts';
import type { MemberApis } from './member-apis.ts';
import type { MemberRecord } from './member-record.ts';

export interface LocalMemberOptions {
  readonly managed: ManagedSite;
  readonly record: MemberRecord;
  readonly apis: MemberApis;
  readonly ambient: Ambient;
}

/** This site's etcd, kept running for as long as it may run. */
export interface LocalMember {
  state(): MemberState;
  /** Resolves when it was ended for good: left behind, removed, the program gone. */
  readonly failure: Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * Starts it and waits for nothing more: a member without a majority answers when it can.
 * Throws `raft.in-use`, `raft.no-etcd` and what the guard throws.
 */
export async function startMember(options: LocalMemberOptions): Promise<LocalMember> {
  const { managed, record, apis, ambient } = options;
  const { dir, home } = managed;
  const lock = await lockMember(dir);
  const guard = new Guard({ managed, record, others: apis.others, ambient });
  const supervisor = new MemberSupervisor({
    launch: {
      binary: home.binary,
      searchPath: home.searchPath,
      flags: memberFlags({ ...managed, record }),
      log: dir.log,
    },
    dataDir: dir.data,
    ambient,
    mayStart: (signal) => guard.mayStart(signal),
  });
  try {
    await supervisor.start();
  } catch (error) {
    await lock.release();
    throw error;
  }
  const watching = new AbortController();
  const { promise: failure, resolve } = Promise.withResolvers<unknown>();
  // Its own end comes before anybody hears of it: from then on it confirms nothing more.
  const watched = guard.watch(watching.signal).catch(async (error: unknown) => {
    await supervisor.stop();
    resolve(error);
  });
  void supervisor.failure.then(resolve);
  return Object.freeze({
    failure,
    state: () => supervisor.state(),
    stop: async () => {
      watching.abort();
      await watched;
      await supervisor.stop();
      await lock.release();
    },
  });
}
