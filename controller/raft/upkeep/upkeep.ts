import type { Ambient } from '../../../kernel/ambient.ts';
import { isAbort } from '../../../kernel/errors.ts';
import type { Cluster } from '../../cluster/types.ts';
import type { MemberFigures } from '../../model/controller-status.ts';
import { quotaBytes } from '../member/flags.ts';
import type { MemberApis } from '../member-apis.ts';
import type { SnapshotSchedule } from '../snapshots/schedule.ts';
import { careForMembers } from './care.ts';

export interface UpkeepOptions {
  readonly apis: MemberApis;
  readonly schedule: SnapshotSchedule;
  readonly ambient: Ambient;
}

const everyMs = 5_000;

/** Looks at this site's member and, while this controller leads, cares for all of them. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #stopping = new AbortController();
  #seen = { dbBytes: 0, hasLeader: false, alarms: 0 };
  #work: Promise<void> = Promise.resolve();

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start(cluster: Pick<Cluster, 'isLeader'>): void {
    this.#work = this.#go(cluster, this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  figures(): MemberFigures {
    const { everySeconds, ageSeconds } = this.#options.schedule;
    return {
      ...this.#seen,
      dbQuotaBytes: quotaBytes,
      snapshotEverySeconds: everySeconds,
      snapshotAgeSeconds: ageSeconds,
    };
  }

  async #go(cluster: Pick<Cluster, 'isLeader'>, signal: AbortSignal): Promise<void> {
    const { apis, ambient } = this.#options;
    for (;;) {
      try {
        await this.#look(signal);
        if (cluster.isLeader())
          await careForMembers({ apis, ambient, mayGoOn: () => cluster.isLeader(), signal });
        await ambient.clock.sleep(everyMs, signal);
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        ambient.log.warn('care for the members failed', { error });
        await ambient.clock.sleep(everyMs, signal).catch(() => undefined);
      }
    }
  }

  /** A member that does not answer is one that knows no leader; its size is the last that was seen. */
  async #look(signal: AbortSignal): Promise<void> {
    const { own } = this.#options.apis;
    try {
      const { dbBytes, leaderId, memberId } = await own.status(signal);
      const alarms = (await own.alarms(signal)).filter((one) => one.memberId === memberId).length;
      this.#seen = { dbBytes, hasLeader: leaderId !== null, alarms };
    } catch (error) {
      if (signal.aborted) throw error;
      this.#seen = { ...this.#seen, hasLeader: false };
    }
  }
}
