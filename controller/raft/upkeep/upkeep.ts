import type { Ambient } from '../../../kernel/ambient.ts';
import { isAbort } from '../../../kernel/errors.ts';
import type { Cluster } from '../../cluster/types.ts';
import type { MemberFigures } from '../../model/controller-status.ts';
import { quotaBytes } from '../member/flags.ts';
import type { MemberApis } from '../member-apis.ts';
import type { SnapshotSchedule } from '../snapshots/schedule.ts';
import { careForMembers } from './care.ts';

export interface UpkeepOptions {
  readonly apis: Pick<MemberApis, 'all' | 'own'>;
  readonly schedule: Pick<SnapshotSchedule, 'everySeconds' | 'ageSeconds'>;
  readonly ambient: Ambient;
}

const everyMs = 5_000;
/** Between two defragmentations of one member. */
const restMs = 600_000;

/** Looks at this site's member and, while this controller leads (or none can), cares for all of them. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #stopping = new AbortController();
  #seen = { dbBytes: 0, hasLeader: false, alarms: 0 };
  #leadsMembers = false;
  readonly #stoppedAt = new Map<string, number>();
  #work: Promise<void> = Promise.resolve();

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start(cluster: Pick<Cluster, 'isLeader' | 'leader'>): void {
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

  async #go(cluster: Pick<Cluster, 'isLeader' | 'leader'>, signal: AbortSignal): Promise<void> {
    const { apis, ambient } = this.#options;
    for (;;) {
      try {
        await this.#look(signal);
        const mayGoOn = () => this.#isInCharge(cluster);
        const mayStop = (site: string) => this.#mayStop(site);
        if (mayGoOn()) await careForMembers({ apis, ambient, mayGoOn, mayStop, signal });
        await ambient.clock.sleep(everyMs, signal);
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        ambient.log.warn('care for the members failed', { error });
        await ambient.clock.sleep(everyMs, signal).catch(() => undefined);
      }
    }
  }

  /**
   * A full database takes no leader's key and no lease: where no controller leads, and none can, the
   * one beside the leading member does what is to be done. Two at once for a moment are harmless.
   */
  #isInCharge(cluster: Pick<Cluster, 'isLeader' | 'leader'>): boolean {
    return cluster.isLeader() || (cluster.leader() === null && this.#leadsMembers);
  }

  /** One that lacks the space to be defragmented would stand still and fill its disk again and again. */
  #mayStop(site: string): boolean {
    const nowMs = this.#options.ambient.clock.monotonicMs();
    const before = this.#stoppedAt.get(site);
    if (before !== undefined && nowMs - before < restMs) return false;
    this.#stoppedAt.set(site, nowMs);
    return true;
  }

  /** A member that does not answer is one that knows no leader; its size is the last that was seen. */
  async #look(signal: AbortSignal): Promise<void> {
    const { own } = this.#options.apis;
    try {
      const { dbBytes, leaderId, memberId } = await own.status(signal);
      const alarms = (await own.alarms(signal)).filter((one) => one.memberId === memberId).length;
      this.#seen = { dbBytes, hasLeader: leaderId !== null, alarms };
      this.#leadsMembers = leaderId === memberId;
    } catch (error) {
      if (signal.aborted) throw error;
      this.#seen = { ...this.#seen, hasLeader: false };
      this.#leadsMembers = false;
    }
  }
}
