import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { keys } from '../state/keys.ts';
import { type Compare, put, remove, type Store, unchanged } from '../store/store.ts';
import type { Life } from './membership.ts';
import type { Claim, ClaimKind, Claims } from './types.ts';

/** What lies under a claim's key: who holds it. */
export interface ClaimRecord {
  readonly controller: string;
}

interface Held {
  readonly claim: Claim;
  readonly life: Life;
  /** Aborts the claim's `lost`. */
  readonly lose: () => void;
}

/** How long a holder is given to break off, and how often its claim is asked for meanwhile. */
const patienceMs = 20_000;
const askEveryMs = 200;
/** Between two tries to give back what a store that is away has kept. */
const askAgainMs = 1_000;

/**
 * The claims of this controller. A claim's key is written once and never again while it is held, so
 * its revision is a fencing token: who compares it writes nothing once the key is gone, whoever
 * deleted it.
 *
 * Killed after the key is written: it goes with the lease. The answer lost: the key names this
 * controller and no claim is known for it. It is deleted as soon as the store answers, for the work
 * may be another's turn by then; a `take` that comes first writes it anew, so that no deletion of the
 * old one that is still under way takes it along.
 */
export class HeldClaims implements Claims {
  readonly #store: Store;
  readonly #ambient: Ambient;
  readonly #life: () => Life | null;
  readonly #held = new Map<string, Held>();
  readonly #taking = new Set<string>();

  constructor(store: Store, ambient: Ambient, life: () => Life | null) {
    this.#store = store;
    this.#ambient = ambient;
    this.#life = life;
  }

  count(): Readonly<Record<ClaimKind, number>> {
    const count = { session: 0, execution: 0 };
    for (const { claim } of this.#held.values()) count[claim.kind]++;
    return count;
  }

  async take(kind: ClaimKind, id: string): Promise<Claim | null> {
    const { path } = keys.claim(kind, id);
    const life = this.#life();
    if (life === null || this.#taking.has(path) || this.#held.has(path)) return null;
    this.#taking.add(path);
    try {
      const modRevision = await this.#write(kind, id, life);
      // The lease may have been lost meanwhile: what it wrote goes with it.
      return modRevision === null || !life.lease.isHeld()
        ? null
        : this.#hold(kind, id, life, modRevision);
    } catch (error) {
      if (isUnknown(error)) void this.#untilDone(life, path, () => this.#drop(path, life));
      throw error;
    } finally {
      this.#taking.delete(path);
    }
  }

  async insist(group: string, signal: AbortSignal): Promise<Claim> {
    const { clock } = this.#ambient;
    const endMs = clock.monotonicMs() + patienceMs;
    const key = keys.yields(group);
    let asked: { readonly life: Life; readonly compares: readonly Compare[] } | null = null;
    try {
      for (;;) {
        const claim = await this.take('session', group);
        if (claim !== null) return claim;
        const life = this.#life();
        if (life !== null && asked === null) {
          asked = { life, compares: [] };
          const record = { controller: life.info.id };
          const outcome = await this.#store.transact([], [put(key, record, life.lease)]);
          // Another that waits for the group too may have asked since: it goes on asking.
          if (outcome.committed)
            asked = { life, compares: [{ path: key.path, modRevision: outcome.revision }] };
        }
        if (clock.monotonicMs() > endMs) throw busy(group);
        await clock.sleep(askEveryMs, signal);
      }
    } finally {
      if (asked !== null) await this.#giveBack(asked.life, key.path, asked.compares);
    }
  }

  compareOf(kind: ClaimKind, id: string): Compare {
    const held = this.#held.get(keys.claim(kind, id).path);
    if (held === undefined || !held.life.lease.isHeld()) throw claimLost(kind, id);
    return held.claim.compare;
  }

  /** Loses what the store, as it was at `revision`, does not have (any more): it was taken away. */
  reconcile(revision: number, has: (path: string) => boolean): void {
    for (const [path, { claim, lose }] of [...this.#held])
      if (claim.compare.modRevision <= revision && !has(path)) lose();
  }

  /** The lease is lost, and with it all that was held under it. */
  loseAll(): void {
    for (const { lose } of [...this.#held.values()]) lose();
  }

  /** The revision of the claim's key; null when it is another's. */
  async #write(kind: ClaimKind, id: string, life: Life): Promise<number | null> {
    const key = keys.claim(kind, id);
    const operations = [put(key, { controller: life.info.id }, life.lease)];
    const outcome = await this.#store.transact([{ path: key.path, modRevision: 0 }], operations);
    if (outcome.committed) return outcome.revision;
    const entry = await this.#store.get(key);
    if (entry?.value.controller !== life.info.id) return null;
    // Of an earlier claim, or an earlier try whose answer never came: its deletion may be under way.
    const again = await this.#store.transact([unchanged(key, entry)], operations);
    return again.committed ? again.revision : null;
  }

  /** Deletes it now or, where the store does not answer, as soon as it does: it would keep all others out. */
  async #giveBack(life: Life, path: string, compares: readonly Compare[]): Promise<void> {
    const give = async (): Promise<void> => {
      await this.#store.transact(compares, [remove({ path })]);
    };
    try {
      await give();
    } catch (error) {
      if (!(error instanceof FarshoreError)) throw error;
      this.#ambient.log.warn('key not given back', { key: path, error });
      void this.#untilDone(life, path, give);
    }
  }

  /** A claim's key that nobody here knows of. */
  async #drop(path: string, { info }: Life): Promise<void> {
    const entry = await this.#store.get<ClaimRecord>({ path });
    if (entry?.value.controller !== info.id || this.#held.has(path) || this.#taking.has(path))
      return;
    await this.#store.transact([{ path, modRevision: entry.modRevision }], [remove({ path })]);
  }

  /** Never rejects but of a defect. What the store does not answer for so long goes with the lease. */
  async #untilDone({ lease }: Life, key: string, work: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#ambient;
    while (lease.isHeld()) {
      await clock.sleep(askAgainMs, lease.lost).catch(() => undefined); // Lost: the loop ends.
      if (!lease.isHeld()) return;
      try {
        await work();
        return;
      } catch (error) {
        if (!(error instanceof FarshoreError)) throw error;
        log.info('key not given back yet', { key, error });
      }
    }
  }

  #hold(kind: ClaimKind, id: string, life: Life, modRevision: number): Claim {
    const key = keys.claim(kind, id);
    const compare = Object.freeze({ path: key.path, modRevision });
    const lost = new AbortController();
    const lose = () => {
      if (this.#held.get(key.path)?.claim === claim) this.#held.delete(key.path);
      lost.abort(claimLost(kind, id));
    };
    const release = async () => {
      lose();
      await this.#giveBack(life, key.path, [compare]);
    };
    const claim: Claim = Object.freeze({ kind, id, compare, lost: lost.signal, release });
    this.#held.set(key.path, { claim, life, lose });
    return claim;
  }
}

export function claimLost(kind: ClaimKind, id: string): FarshoreError {
  return new FarshoreError('this controller does not hold the claim any more', {
    code: 'claim.lost',
    kind: 'transient',
    operation: `carry out ${kind}`,
    subject: id,
    hint: 'nothing is lost: the controller that holds it now goes on from what was saved',
  });
}

function isUnknown(error: unknown): boolean {
  return error instanceof FarshoreError && error.code === 'store.outcome-unknown';
}

function busy(group: string): FarshoreError {
  return new FarshoreError('the controller that replicates the group does not let go of it', {
    code: 'group.busy',
    kind: 'transient',
    operation: 'take over group',
    subject: group,
    hint: 'try again: a controller that is gone loses its claims within seconds',
  });
}
