import { FarshoreError } from '../../kernel/errors.ts';
import { byAge } from '../../replicator/point/choose.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import { isEnded } from '../../replicator/session/state.ts';
import type { Ledger, Session } from '../../replicator/session/types.ts';
import { type Attempt, atomically } from '../store/atomically.ts';
import { type Entry, type Operation, put, remove, type Store, unchanged } from '../store/store.ts';
import { keys } from './keys.ts';
import { notFound } from './refusals.ts';
import { summarize } from './summary.ts';

/** Ended sessions that are remembered beside the newest. */
const historyKept = 20;

/**
 * The ledger on the state store. What counts is one transaction each, which compares the group's
 * head: once a failover has raised the generation, no write of an older session gets through, even
 * one that had read the head before. The first save of a new session is its claim: it replaces the
 * one before only when that one has ended, and keeps it in short.
 *
 * Killed before a transaction: nothing happened, the effect it announces is not begun. Killed after:
 * repeating it writes the same again.
 */
export class StoreLedger implements Ledger {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async session(group: string): Promise<Session | null> {
    return (await this.#store.get(keys.session(group)))?.value ?? null;
  }

  async saveSession(session: Session): Promise<void> {
    await atomically(this.#store, () => this.#save(session, []));
  }

  async points(group: string): Promise<readonly RecoveryPoint[]> {
    const entries = await this.#store.range(keys.point(group));
    return entries.map(({ value }) => value).toSorted((a, b) => byAge(b, a));
  }

  async commitPoint(point: RecoveryPoint, session: Session): Promise<void> {
    const key = keys.point(point.group, point.id);
    await atomically(this.#store, () => this.#save(session, [put(key, point)]));
  }

  /** A point that was removed is not brought back, and one that is expiring stays so: its data is going. */
  async savePoint(point: RecoveryPoint): Promise<void> {
    const key = keys.point(point.group, point.id);
    await atomically(this.#store, async () => {
      const stored = await this.#store.get(key);
      if (stored === null) throw notFound('point', `${point.group}/${point.id}`);
      const state = stored.value.state === 'expiring' ? 'expiring' : point.state;
      const operations = [put(key, { ...point, state })];
      return { compares: [unchanged(key, stored)], operations, result: undefined };
    });
  }

  async removePoint(group: string, point: string): Promise<void> {
    const operations = [remove(keys.point(group, point)), remove(keys.holds(group, point))];
    await this.#store.transact([], operations);
  }

  async #save(session: Session, others: readonly Operation[]): Promise<Attempt<void>> {
    const { group } = session;
    const head = await this.#store.get(keys.head(group));
    if (head?.value.generation !== session.generation) throw superseded(session);
    const stored = await this.#store.get(keys.session(group));
    const claim = stored?.value.id === session.id ? [] : await this.#claim(session, stored);
    if (stored?.value.phase === 'superseded' && claim.length === 0) throw superseded(session);
    return {
      compares: [unchanged(keys.head(group), head), unchanged(keys.session(group), stored)],
      operations: [put(keys.session(group), session), ...claim, ...others],
      result: undefined,
    };
  }

  async #claim(session: Session, before: Entry<Session> | null): Promise<readonly Operation[]> {
    const { group, resources } = session;
    const members = put(keys.members(group), { resources });
    if (before === null) return [members];
    if (!isEnded(before.value.phase)) throw inProgress(before.value);
    const past = await this.#store.range(keys.history(group));
    // A worker that slept through its successor's whole life.
    if (past.some(({ value }) => value.id === session.id)) throw superseded(session);
    const dropped = past.slice(0, Math.max(0, past.length + 1 - historyKept));
    return [
      members,
      put(keys.history(group, before.value.id), summarize(before.value)),
      ...dropped.map(({ path }) => remove({ path })),
    ];
  }
}

function superseded(session: Session): FarshoreError {
  return new FarshoreError('the group has another primary, or is gone, since the session began', {
    code: 'session.superseded',
    kind: 'permanent',
    operation: 'record session',
    subject: `${session.group}/${session.id}`,
    hint: 'nothing is lost: its finished points remain; farshore status shows the new primary',
  });
}

function inProgress(session: Session): FarshoreError {
  return new FarshoreError('another session of the group is under way', {
    code: 'session.in-progress',
    kind: 'transient',
    operation: 'claim session',
    subject: `${session.group}/${session.id}`,
    hint: 'wait for it to end',
  });
}
