import type { Execution } from '../../../runbooks/execution/types.ts';
import type { Runner } from '../../../runbooks/runner.ts';
import { Bench } from './bench.ts';
import { Killed } from './watched-store.ts';
import type { Worker } from './worker.ts';

/**
 * A bench whose worker can be killed at any moment that matters: before and after each write of the
 * state and each effect on the site. From then on nothing of it takes effect any more.
 */
export class Mortal {
  readonly bench: Bench;
  worker: Worker;
  /** Moments passed so far, over all workers. */
  moments = 0;
  kills = 0;
  /** May throw an error of its own, as a service would. */
  fault: (effect: string) => void = () => undefined;
  readonly #shouldDie: (moment: number) => boolean;
  /** Others use the site too: one that dies is cut off from the state, its lease over, and what it does to the site it must stop by itself. */
  isAmongOthers = false;
  #isDead = false;
  #died = Promise.withResolvers<undefined>();

  constructor(shouldDie: (moment: number) => boolean) {
    this.#shouldDie = shouldDie;
    this.bench = new Bench(() => this.#moment());
    this.worker = this.bench.first;
    const { site } = this.bench;
    site.before = (effect) => {
      this.#moment();
      this.#assertAnnounced(effect);
      this.fault(effect);
    };
    site.after = () => this.#moment();
  }

  get runner(): Runner {
    return this.worker.runner;
  }

  /** Has the execution taken up after each death, until it has ended. */
  async ended(id: string): Promise<Execution> {
    for (;;) {
      if (!this.#isDead)
        await Promise.race([this.#died.promise, this.bench.ended(id, this.runner)]);
      const execution = this.bench.stored().find((each) => each.id === id);
      if (execution?.state === 'ended') return execution;
      await this.reborn();
    }
  }

  /** The next process: the same store, the same site. */
  async reborn(): Promise<void> {
    this.#isDead = true;
    await this.worker.stop();
    this.#isDead = false;
    this.#died = Promise.withResolvers();
    this.worker = this.bench.worker({ around: () => this.#moment() });
    await Promise.race([this.worker.ready, this.#died.promise]);
  }

  /** True when the process died of it; any other error is thrown on. */
  diedOf(error: unknown): boolean {
    if (error instanceof Killed || this.#isDead) return true;
    throw error;
  }

  #moment(): void {
    if (this.#isDead && this.isAmongOthers) return;
    if (this.#isDead) throw new Killed();
    this.moments += 1;
    if (!this.#shouldDie(this.moments)) return;
    this.kills += 1;
    this.#isDead = true;
    this.worker.kill();
    this.#died.resolve(undefined);
    throw new Killed();
  }

  /** Persist before acting: whatever a step does, the journal says that it is running, and never that it is done. */
  #assertAnnounced(effect: string): void {
    const step = stepOf(effect);
    if (step === null) return;
    const isAnnounced = this.bench
      .stored()
      .some((each) => each.steps.some(({ id, state }) => id === step && state === 'running'));
    if (!isAnnounced) throw new Error(`${effect} while ${step} is not running`);
  }
}

function stepOf(effect: string): string | null {
  const [verb = '', subject = ''] = effect.split(' ');
  switch (verb) {
    case 'raise':
      return 'raise-generation';
    case 'verify':
      return 'choose-point';
    case 'create':
    case 'restore':
      return `restore:${subject}`;
    case 'check':
      return `check:${subject}`;
    case 'discard':
      return 'cleanup';
    case 'inventory':
      return 'inventory';
    default:
      return null;
  }
}
