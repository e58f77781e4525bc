import type { Execution } from '../../../runbooks/execution/types.ts';
import type { Runner } from '../../../runbooks/runner.ts';
import { MemoryExecutionJournal } from '../../support/memory/execution-journal.ts';
import { Bench } from './bench.ts';

/** Thrown to whatever the process was doing when it was killed, and afterwards. */
class Killed extends Error {}

/**
 * A bench whose process can be killed at any moment that matters: before and after each write of the
 * journal and each effect on the site. From then on nothing of it takes effect any more.
 */
export class Mortal {
  readonly bench: Bench;
  runner: Runner;
  journal: MemoryExecutionJournal;
  /** Moments passed so far, over all processes. */
  moments = 0;
  kills = 0;
  /** May throw an error of its own, as a service would. */
  fault: (effect: string) => void = () => undefined;
  readonly #shouldDie: (moment: number) => boolean;
  #isDead = false;
  #died = Promise.withResolvers<undefined>();

  constructor(shouldDie: (moment: number) => boolean) {
    this.#shouldDie = shouldDie;
    this.bench = new Bench(new MemoryExecutionJournal(() => this.#moment()));
    this.runner = this.bench.runner;
    this.journal = this.bench.journal;
    const { site } = this.bench;
    site.before = (effect) => {
      this.#moment();
      this.#assertAnnounced(effect);
      this.fault(effect);
    };
    site.after = () => this.#moment();
  }

  /** Takes the execution up after each death, until it has ended. */
  async ended(id: string): Promise<Execution> {
    for (;;) {
      if (!this.#isDead)
        await Promise.race([this.#died.promise, this.bench.ended(id, this.runner)]);
      const execution = await this.journal.load(id);
      if (execution?.state === 'ended') return execution;
      await this.reborn();
    }
  }

  /** The next process: the same journal, the same site. */
  async reborn(): Promise<void> {
    this.#isDead = true;
    await this.runner.stop();
    this.#isDead = false;
    this.#died = Promise.withResolvers();
    this.journal = this.bench.journal.reopened(() => this.#moment());
    this.runner = this.bench.runnerOn(this.journal);
    await this.runner.resumeAll();
  }

  /** True when the process died of it; any other error is thrown on. */
  diedOf(error: unknown): boolean {
    if (error instanceof Killed || this.#isDead) return true;
    throw error;
  }

  #moment(): void {
    if (this.#isDead) throw new Killed();
    this.moments += 1;
    if (!this.#shouldDie(this.moments)) return;
    this.kills += 1;
    this.#isDead = true;
    this.#died.resolve(undefined);
    throw new Killed();
  }

  /** Persist before acting: whatever a step does, the journal says that it is running, and never that it is done. */
  #assertAnnounced(effect: string): void {
    const step = stepOf(effect);
    if (step === null) return;
    const isAnnounced = this.journal
      .peek()
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
