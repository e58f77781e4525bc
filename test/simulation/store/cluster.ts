import type { SeededRandom } from '../engine/random.ts';
import { machine, type Network } from '../engine/network.ts';
import type { Scheduler } from '../engine/scheduler.ts';
import { State } from './state.ts';

export interface Member {
  readonly site: string;
  readonly host: string;
  isUp: boolean;
  /** Revision up to which it has heard of all; what it answers local reads and watches with. */
  applied: number;
  isCatchingUp: boolean;
}

interface LeaseRecord {
  readonly ttlMs: number;
  expiresAtMs: number;
}

/**
 * Members of one replicated store, one at each site. What a majority that reaches each other has
 * agreed on is the state; there is a leader, or an election under way during which nothing is
 * decided. Its sense of time is its own: leases end by it, and get a full life with every leader.
 */
export class Cluster {
  readonly state = new State();
  readonly members: readonly Member[];
  readonly network: Network;
  elections = 0;
  expiredLeases = 0;
  lateWrites = 0;
  /** Told when a member knows more than before. */
  onProgress: () => void = () => undefined;
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #leases = new Map<string, LeaseRecord>();
  /** What a leader had begun when it lost its place: the next one may find it, or not. */
  #orphans: (() => void)[] = [];
  #leader: Member | null;
  #term = 1;
  #isElecting = false;

  constructor(
    sites: readonly string[],
    deps: {
      readonly scheduler: Scheduler;
      readonly random: SeededRandom;
      readonly network: Network;
    },
  ) {
    this.#scheduler = deps.scheduler;
    this.#random = deps.random.fork();
    this.network = deps.network;
    this.members = sites.map((site) => ({
      site,
      host: machine('store', site),
      isUp: true,
      applied: 1,
      isCatchingUp: false,
    }));
    this.#leader = this.#random.pick(this.members);
  }

  get leader(): Member | null {
    return this.#leader;
  }

  member(site: string): Member {
    const found = this.members.find((each) => each.site === site);
    if (found === undefined) throw new RangeError(`no member at ${site}`);
    return found;
  }

  /** Called whenever a link or a member changed. */
  check = (): void => {
    if (this.#leader !== null && !this.#hasMajority(this.#leader)) this.#lose();
    if (this.#leader === null) this.#elect();
    for (const member of this.members) this.#catchUp(member);
    this.onProgress();
  };

  /** The leader hands over, or falls: nothing is decided for a moment. */
  changeLeader(): void {
    this.#lose();
    this.#elect();
  }

  /**
   * A member that a request reached carries it to the leader; `act` happens at one instant, once a
   * majority agrees, and `answer` is what comes back to that member. Or nothing ever comes back.
   */
  decide(via: Member, act: () => void, answer: () => void, isWrite: boolean): void {
    const leader = this.#leader;
    if (!via.isUp || leader === null || !this.#isConnected(via, leader)) return;
    const term = this.#term;
    this.#scheduler.after(this.#roundTripMs(via, leader), () => {
      if (this.#leader !== leader || this.#term !== term || !this.#hasMajority(leader)) {
        if (isWrite && this.#random.chance(0.5)) this.#orphans.push(act);
        return;
      }
      act();
      this.#spread();
      if (via.isUp && this.#isConnected(via, leader)) answer();
    });
  }

  grant(id: string, ttlMs: number): void {
    this.state.grant(id);
    const record = { ttlMs, expiresAtMs: this.#scheduler.nowMs + ttlMs };
    this.#leases.set(id, record);
    this.#expireLater(id, record);
  }

  /** False when it has ended. */
  renew(id: string): boolean {
    const record = this.#leases.get(id);
    if (record === undefined) return false;
    record.expiresAtMs = this.#scheduler.nowMs + record.ttlMs;
    return true;
  }

  revoke(id: string): void {
    this.#leases.delete(id);
    this.state.end(id);
  }

  get leases(): number {
    return this.#leases.size;
  }

  #isConnected(a: Member, b: Member): boolean {
    return this.network.isConnected(a.host, b.host);
  }

  #hasMajority(of: Member): boolean {
    if (!of.isUp) return false;
    const reached = this.members.filter((other) => other.isUp && this.#isConnected(of, other));
    return 2 * reached.length > this.members.length;
  }

  #lose(): void {
    this.#leader = null;
    this.#term += 1;
  }

  /** After an election's time. Whoever is chosen has every decided write: a majority has it. */
  #elect(): void {
    if (this.#isElecting || !this.members.some((each) => this.#hasMajority(each))) return;
    this.#isElecting = true;
    this.#scheduler.after(this.#random.between(300, 2_500), () => {
      this.#isElecting = false;
      if (this.#leader !== null) return;
      const able = this.members.filter((each) => this.#hasMajority(each));
      if (able.length === 0) return;
      this.#lead(this.#random.pick(able));
    });
  }

  #lead(member: Member): void {
    this.#leader = member;
    this.#term += 1;
    this.elections += 1;
    member.applied = this.state.revision;
    for (const record of this.#leases.values())
      record.expiresAtMs = this.#scheduler.nowMs + record.ttlMs;
    for (const act of this.#orphans.splice(0))
      if (this.#random.chance(0.5)) {
        this.lateWrites += 1;
        act();
      }
    this.#spread();
  }

  #expireLater(id: string, record: LeaseRecord): void {
    this.#scheduler.after(record.expiresAtMs - this.#scheduler.nowMs, () => {
      if (this.#leases.get(id) !== record) return;
      if (record.expiresAtMs > this.#scheduler.nowMs) {
        this.#expireLater(id, record);
        return;
      }
      if (this.#leader === null) {
        record.expiresAtMs = this.#scheduler.nowMs + 500;
        this.#expireLater(id, record);
        return;
      }
      this.expiredLeases += 1;
      this.revoke(id);
      this.#spread();
    });
  }

  /** The leader knows at once, the others when it has told them. */
  #spread(): void {
    const leader = this.#leader;
    if (leader === null || leader.applied === this.state.revision) return;
    leader.applied = this.state.revision;
    for (const member of this.members) this.#catchUp(member);
    this.onProgress();
  }

  #catchUp(member: Member): void {
    const leader = this.#leader;
    if (member.isCatchingUp || leader === null || member.applied >= this.state.revision) return;
    if (!member.isUp || !this.#isConnected(member, leader)) return;
    member.isCatchingUp = true;
    this.#scheduler.after(this.network.latencyMs(leader.host, member.host), () => {
      member.isCatchingUp = false;
      const current = this.#leader;
      if (!member.isUp || current === null || !this.#isConnected(member, current)) return;
      member.applied = Math.max(member.applied, this.state.revision);
      this.onProgress();
    });
  }

  /** To the leader and back, and from the leader to the nearest others that make a majority. */
  #roundTripMs(via: Member, leader: Member): number {
    const others = this.members
      .filter((each) => each !== leader && each.isUp && this.#isConnected(each, leader))
      .map((each) => 2 * this.network.latencyMs(leader.host, each.host))
      .sort((a, b) => a - b);
    const needed = others[Math.floor(this.members.length / 2) - 1] ?? 0;
    return needed + 2 * this.network.latencyMs(via.host, leader.host);
  }
}
