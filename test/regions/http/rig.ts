import type { Clock } from '../../../kernel/clock.ts';
import { afterSleep } from '../../support/after-sleep.ts';
import { systemClock } from '../../../kernel/clock.ts';
import { silentLog } from '../../../kernel/log.ts';
import { Caller, type Target, type Tokens } from '../../../regions/http/caller.ts';
import { RegionClock } from '../../../regions/http/region-clock.ts';
import { Limits } from '../../../regions/http/limits.ts';
import type { RequestEvent } from '../../../regions/http/request-event.ts';
import { Transport } from '../../../regions/http/transport.ts';
import type { TlsConfig } from '../../../regions/identity/cloud-config.ts';

/** The system's clock, but waits of up to a minute between attempts are over at once; kept in `slept`. */
export class HastyClock implements Clock {
  readonly slept: number[] = [];
  readonly #watchdogMs: number;

  /** Sleeps of about `watchdogMs` are those of deadlines and really pass. */
  constructor(watchdogMs: number) {
    this.#watchdogMs = watchdogMs;
  }

  now = (): number => systemClock.now();
  monotonicMs = (): number => systemClock.monotonicMs();

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms > this.#watchdogMs * 0.6) return systemClock.sleep(ms, signal);
    this.slept.push(ms);
    return systemClock.sleep(0, signal);
  }

  after(ms: number, run: () => void): () => void {
    return afterSleep(this, ms, run);
  }
}

export interface Rig extends AsyncDisposable {
  readonly caller: Caller;
  readonly events: readonly RequestEvent[];
  readonly slept: readonly number[];
}

export interface RigOptions {
  readonly maxCalls?: number;
  readonly timeoutMs?: number;
  readonly tls?: TlsConfig;
  readonly clock?: Clock;
  /** None unless given. */
  readonly leastBytesPerSecond?: number;
}

export function rig(options: RigOptions = {}): Rig {
  const events: RequestEvent[] = [];
  const hasty = new HastyClock(options.timeoutMs ?? 60_000);
  const clock = options.clock ?? hasty;
  const transport = new Transport(options.tls ?? { verify: true });
  const caller = new Caller({
    region: 'east',
    transport,
    limits: new Limits(options.maxCalls ?? 8),
    ambient: { clock, random: { next: () => 0, id: () => 'x' }, log: silentLog },
    onRequest: (event) => events.push(event),
    regionClock: new RegionClock(clock),
    leastBytesPerSecond: options.leastBytesPerSecond ?? 0,
  });
  return {
    caller,
    events,
    slept: hasty.slept,
    [Symbol.asyncDispose]: () => transport.close(),
  };
}

/** `t1`, and the next number after each refusal of the present one. */
class CountedTokens implements Tokens {
  #number = 1;
  token = (): Promise<string> => Promise.resolve(`t${this.#number}`);
  refuse(token: string): void {
    if (token === `t${this.#number}`) this.#number += 1;
  }
}

export function target(url: string, tokens: Tokens = new CountedTokens()): Target {
  return { service: 'object-store', endpoint: () => Promise.resolve(url), tokens };
}
