import { resolve } from 'node:path';
import type { Ambient } from '../../kernel/ambient.ts';
import { systemClock } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { systemRandom } from '../../kernel/random.ts';
import { createLog } from '../compose/pino-log.ts';
import type { SiteAddress } from '../config/raft-config.ts';
import { loadConfig } from '../config/load-config.ts';
import { parseSiteAddress } from '../config/site-address.ts';
import { startMember } from '../raft/local-member.ts';
import { type ManagedSite, managedSite } from '../raft/managed.ts';
import { addMember, type Added, removeMember } from '../raft/orders/change-members.ts';
import { type Forced, forceQuorum } from '../raft/orders/force-quorum.ts';
import { init, type Initiated } from '../raft/orders/init.ts';
import { joinCluster, type Joined } from '../raft/orders/join.ts';
import { openSession, type RaftSession } from '../raft/session.ts';
import { restore, type SnapshotSummary, summarize } from '../raft/snapshots/restore.ts';
import { snapshotName } from '../raft/snapshots/schedule.ts';
import { takeSnapshot } from '../raft/snapshots/take.ts';
import { raftStatus, type RaftStatus } from '../raft/status.ts';
import { stopSignal } from './stop-signal.ts';

/** What `farshore raft …` does, at the site of one configuration. */
export class RaftOrders {
  readonly managed: ManagedSite;
  readonly #ambient: Ambient;
  readonly #signal = new AbortController().signal;

  private constructor(managed: ManagedSite, ambient: Ambient) {
    this.managed = managed;
    this.#ambient = ambient;
  }

  /** `level`: of what is logged while it works. */
  static async open(path: string, level = 'warn'): Promise<RaftOrders> {
    const config = await loadConfig({ path, cwd: process.cwd(), env: process.env });
    const ambient = { clock: systemClock, random: systemRandom, log: createLog(level) };
    return new RaftOrders(managedSite(config), ambient);
  }

  init(out: string): Promise<Initiated> {
    return init(this.managed, resolve(out), this.#ambient);
  }

  join(bundle: string, reset: boolean): Promise<Joined> {
    return joinCluster(this.managed, { bundle: resolve(bundle), reset }, this.#ambient);
  }

  /** The member alone, until this process is told to stop. */
  async runMember(onStarted: (pid: number | null) => void): Promise<void> {
    const stopped = stopSignal();
    await this.#within(async ({ managed, record, apis }) => {
      const member = await startMember({ managed, record, apis, ambient: this.#ambient });
      onStarted(member.state().pid);
      const failure = await Promise.race([stopped, member.failure]);
      await member.stop();
      if (failure !== undefined) throw failure as Error;
    });
  }

  status(): Promise<RaftStatus> {
    return this.#within((session) => raftStatus(session, this.#ambient, this.#signal));
  }

  /** `host`: needed where the configuration does not have the site. */
  add(site: string, host: string | undefined, out: string): Promise<Added> {
    const address = this.#address(site, host);
    return this.#within((session) =>
      addMember(session, { site, address, outDir: resolve(out) }, this.#ambient, this.#signal),
    );
  }

  remove(site: string): Promise<void> {
    return this.#within((session) => removeMember(session, site, this.#ambient, this.#signal));
  }

  async snapshot(file: string | undefined, isLocal: boolean): Promise<SnapshotSummary> {
    const { clock } = this.#ambient;
    const path = resolve(file ?? snapshotName(clock.now()));
    const consistency = isLocal ? 'local' : undefined;
    await this.#within((session) =>
      takeSnapshot(session.store(), path, { clock, signal: this.#signal, consistency }),
    );
    return summarize(path);
  }

  restore(file: string, replace: boolean): Promise<{ readonly count: number }> {
    return this.#within((session) =>
      restore({
        file: resolve(file),
        store: session.store(),
        site: this.managed.site,
        replace,
        ambient: this.#ambient,
        signal: this.#signal,
      }),
    );
  }

  /** Goes on to its end, which comes within a minute, also when its terminal is closed meanwhile. */
  forceQuorum(reason: string): Promise<Forced> {
    void stopSignal();
    return forceQuorum(this.managed, reason, this.#ambient, this.#signal);
  }

  async #within<T>(work: (session: RaftSession) => Promise<T>): Promise<T> {
    const session = await openSession(this.managed, this.#ambient);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  #address(site: string, host: string | undefined): SiteAddress {
    const configured = this.managed.home.sites.get(site);
    const parsed = host === undefined ? undefined : parseSiteAddress(host);
    if (parsed !== undefined && 'address' in parsed) return parsed.address;
    if (parsed === undefined && configured !== undefined) return configured;
    throw new FarshoreError(parsed?.fault ?? `the configuration has no site ${site}`, {
      code: 'cli.bad-option',
      kind: 'permanent',
      operation: 'add member',
      subject: site,
      hint: 'give --host, as it is to stand in raft.sites',
    });
  }
}
