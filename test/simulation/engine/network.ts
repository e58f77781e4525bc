import type { SeededRandom } from './random.ts';
import type { SimProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** A caller's side of one request. */
export interface Call {
  /** What the caller's machine is waiting for is answered, if the answer gets through. */
  answer(deliver: () => void): void;
}

/**
 * Messages between machines. A link is one direction between two machines; a machine's name is
 * `<what>@<site>`, and what is at one site is near. A message that meets a link which is cut, when it
 * is sent or when it would arrive, is lost, and nobody is told.
 */
export class Network {
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #cuts = new Map<string, number>();
  readonly #sites: readonly string[];
  readonly #distanceMs: number;
  /** Chance of losing any message, while faults are on. */
  lossRate = 0;
  /** Chance that a message takes up to `slowMs` more. */
  slowRate = 0;
  readonly slowMs = 3_000;
  lost = 0;
  slowed = 0;
  /** Told whenever a link changed. */
  onChange: () => void = () => undefined;

  constructor(sites: readonly string[], scheduler: Scheduler, random: SeededRandom) {
    this.#sites = sites;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#distanceMs = random.between(2, 40);
  }

  /** `from` and `to` are machines or sites; returns how to heal it. */
  cut(from: string, to: string): () => void {
    const links = this.#linksOf(from).flatMap((a) => this.#linksOf(to).map((b) => `${a}>${b}`));
    for (const link of links) this.#cuts.set(link, (this.#cuts.get(link) ?? 0) + 1);
    this.onChange();
    let isHealed = false;
    return () => {
      if (isHealed) return;
      isHealed = true;
      for (const link of links) {
        const left = (this.#cuts.get(link) ?? 1) - 1;
        if (left === 0) this.#cuts.delete(link);
        else this.#cuts.set(link, left);
      }
      this.onChange();
    };
  }

  isUp(from: string, to: string): boolean {
    return from === to || !this.#cuts.has(`${from}>${to}`);
  }

  /** Both ways: a connection can stand. */
  isConnected(a: string, b: string): boolean {
    return this.isUp(a, b) && this.isUp(b, a);
  }

  latencyMs(from: string, to: string): number {
    if (from === to) return this.#random.between(0.05, 0.2);
    const isNear = siteOf(from) === siteOf(to);
    return isNear
      ? this.#random.between(0.2, 1.5)
      : this.#distanceMs * this.#random.between(1, 1.5);
  }

  /** `lost` hears of the loss, for the simulation's own sake; the sender never does. */
  send(
    from: string,
    to: string,
    arrive: () => void,
    lost: () => void = () => undefined,
    slowestMs = this.slowMs,
  ): void {
    if (!this.isUp(from, to) || this.#isLost(from, to)) {
      lost();
      return;
    }
    this.#scheduler.after(this.latencyMs(from, to) + this.#slowness(from, to, slowestMs), () => {
      if (this.isUp(from, to)) arrive();
      else lost();
    });
  }

  /** A request from a process, answered to it as long as it lives; it waits by its own clock. */
  request(
    process: SimProcess,
    to: string,
    handle: (call: Call) => void,
    slowestMs = this.slowMs,
  ): void {
    const answer: Call['answer'] = (deliver) =>
      this.send(to, process.host, () => process.deliver(deliver));
    this.send(process.host, to, () => handle({ answer }), undefined, slowestMs);
  }

  #isLost(from: string, to: string): boolean {
    if (this.lossRate === 0 || from === to || !this.#random.chance(this.lossRate)) return false;
    this.lost += 1;
    return true;
  }

  #slowness(from: string, to: string, slowestMs: number): number {
    if (this.slowRate === 0 || from === to || !this.#random.chance(this.slowRate)) return 0;
    this.slowed += 1;
    return this.#random.between(0, slowestMs);
  }

  #linksOf(name: string): readonly string[] {
    return this.#sites.includes(name) ? machines.map((what) => `${what}@${name}`) : [name];
  }
}

/** What there is at each site: controllers' machine, store member, the region's services. */
const machines = ['controller', 'store', 'region'] as const;

export function machine(what: (typeof machines)[number], site: string): string {
  return `${what}@${site}`;
}

function siteOf(name: string): string {
  return name.slice(name.indexOf('@') + 1);
}
