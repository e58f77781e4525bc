import { FarshoreError } from '../../../kernel/errors.ts';
import { RequestError } from '../../../regions/http/request-error.ts';
import type { SimProcess } from '../engine/process.ts';
import type { SimRegion } from './sim-region.ts';
import type { Actor, Effect } from './types.ts';
import type { World } from './world.ts';

const timeoutMs = 5_000;
/** A service that was told to do something has done it by then, or never will. */
const slowestLateMs = 40_000;
/** Requests are refused on the way when they are older than this: less than a lease's margin. */
const slowestRequestMs = 400;

/** What a process may ask of a region, over the network. */
export class RegionLink {
  readonly region: SimRegion;
  readonly world: World;
  readonly process: SimProcess;
  readonly #mayWrite: () => boolean;

  /** `mayWrite`: this process holds its lease, by its own clock. */
  constructor(world: World, region: SimRegion, process: SimProcess, mayWrite: () => boolean) {
    this.world = world;
    this.region = region;
    this.process = process;
    this.#mayWrite = mayWrite;
  }

  read<T>(operation: string, act: (region: SimRegion) => T, signal?: AbortSignal): Promise<T> {
    return this.#call(operation, () => act(this.region), signal);
  }

  /** `act` says whether it changed anything: only that is an effect. */
  async write(
    effect: Pick<Effect, 'operation' | 'subject'>,
    actor: Actor,
    act: (region: SimRegion) => boolean,
    signal?: AbortSignal,
  ): Promise<boolean> {
    if (!this.#mayWrite()) throw notHeld(effect.operation, effect.subject);
    const sentMs = this.world.scheduler.nowMs;
    const { name } = this.region;
    const applied = (): boolean => {
      const hasChanged = act(this.region);
      if (hasChanged)
        this.world.took({ ...effect, region: name, process: this.process.name, actor, sentMs });
      return hasChanged;
    };
    const { lateRate, random } = this.world;
    const isLate = mayBeLate.has(effect.operation) && lateRate > 0 && random.chance(lateRate);
    return this.#call(effect.operation, applied, signal, isLate);
  }

  /** Held up on the way: carried out when whoever sent it has given up, or is dead. */
  #later(act: () => unknown): void {
    const { world, region } = this;
    world.late += 1;
    world.scheduler.after(world.random.between(timeoutMs, slowestLateMs), () => {
      if (!region.isDown) outcomeOf(act);
    });
  }

  #call<T>(operation: string, act: () => T, signal?: AbortSignal, isLate = false): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const over = (): void => {
        timer.cancel();
        signal?.removeEventListener('abort', onAbort);
      };
      const fail = (error: Error): void => {
        over();
        reject(error);
      };
      const onAbort = (): void => fail(signal?.reason as Error);
      const timer = this.process.after(timeoutMs, () =>
        fail(unreachable(operation, this.region.name)),
      );
      signal?.addEventListener('abort', onAbort, { once: true });
      const { network } = this.world;
      if (isLate) {
        this.#later(act);
        return;
      }
      network.request(
        this.process,
        this.region.host,
        (call) => {
          if (this.region.isDown) return;
          const outcome = outcomeOf(act);
          call.answer(() => {
            over();
            if ('error' in outcome) reject(outcome.error);
            else resolve(outcome.value);
          });
        },
        slowestRequestMs,
      );
    });
  }
}

/**
 * What makes something new is not among them, since services tell what they made to nobody who has gone;
 * nor are fences, which go by a container's name and would take it from the next who has it.
 */
const mayBeLate: ReadonlySet<string> = new Set<Effect['operation']>([
  'put copy',
  'delete copy',
  'put bank object',
  'delete bank object',
  'restore object',
  'delete resource',
]);

function outcomeOf<T>(act: () => T): { readonly value: T } | { readonly error: Error } {
  try {
    return { value: act() };
  } catch (error) {
    if (!(error instanceof FarshoreError)) throw error;
    return { error };
  }
}

function unreachable(operation: string, region: string): RequestError {
  return new RequestError('no answer', {
    code: 'region.unreachable',
    kind: 'transient',
    operation,
    region,
    service: 'object-store',
    method: 'PUT',
    url: `sim://${region}`,
  });
}

function notHeld(operation: string, subject: string): FarshoreError {
  return new FarshoreError('this controller has no lease', {
    code: 'claim.lost',
    kind: 'transient',
    operation,
    subject,
  });
}
