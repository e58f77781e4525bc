import { isDeepStrictEqual } from 'node:util';
import { FarshoreError } from '../../kernel/errors.ts';
import { currentClaim } from '../cluster/current-claim.ts';
import type { Claims } from '../cluster/types.ts';
import { byAge } from '../../replicator/point/choose.ts';
import type { NewPoint, RecoveryPoint } from '../../replicator/point/types.ts';
import { isEnded } from '../../replicator/session/state.ts';
import type { Ledger, Session } from '../../replicator/session/types.ts';
import { type Attempt, atomically } from '../store/atomically.ts';
import {
  type Compare,
  type Entry,
  type Operation,
  put,
  remove,
  type Store,
  unchanged,
} from '../store/store.ts';
import { keys } from './keys.ts';
import { notFound } from './refusals.ts';
import { latestOf, summarize } from './summary.ts';

/** Ended sessions that are remembered beside the newest. */
const historyKept = 20;

/**
 * The ledger on the state store. What counts is one transaction each, which compares the group's
 * head and this controller's claim: once a failover has raised the generation, or another controller
 * has the claim, no write of an older session gets through, even one that had read both before. The
 * first save of a new session replaces the one before only when that one has ended, and keeps it in
 * short.
 *
 * Killed before a transaction: nothing happened, the effect it announces is not begun. Killed after:
 * repeating it writes the same again.
 */
export class StoreLedger implements Ledger {
  readonly #store: Store;
  readonly #claims: Pick<Claims, 'compareOf'>;

  constructor(store: Store, claims: Pick<Claims, 'compareOf'>) {
    this.#store = store;
    this.#claims = claims;
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

  async commitPoint(point: NewPoint, session: Session): Promise<void> {
    const { group } = point;
    const key = keys.point(group, point.id);
    await atomically(this.#store, async () => {
      // Nobody else commits for the group while the claim is held.
      const others = (await this.points(group)).filter(({ id }) => id !== point.id);
      const sequence = 1 + Math.max(0, ...others.map((other) => other.sequence));
      return this.#save(session, [put(key, { ...point, sequence })]);
    });
  }

  /** A point that was removed is not brought back, and one that is expiring stays so: its data is going. */
  async savePoint(point: RecoveryPoint, seen?: RecoveryPoint): Promise<RecoveryPoint> {
    const key = keys.point(point.group, point.id);
    const { result } = await atomically(this.#store, async (): Promise<Attempt<RecoveryPoint>> => {
      const stored = await this.#store.get(key);
      if (stored === null) throw notFound('point', `${point.group}/${point.id}`);
      if (point.state === 'proven' && isFoundDamaged(stored.value, seen))
        return { compares: [], operations: [], result: stored.value };
      const state = stored.value.state === 'expiring' ? 'expiring' : point.state;
      const operations = [put(key, { ...point, state })];
      return { compares: [unchanged(key, stored)], operations, result: point };
    });
    return result;
  }

  async expirePoint(group: string, point: string, kept: readonly string[] = []): Promise<void> {
    const key = keys.point(group, point);
    await atomically(this.#store, async () => {
      const claim = await this.#claim(group);
      const entries = await this.#store.range(keys.point(group));
      const stored = entries.find(({ path }) => path === key.path);
      if (stored === undefined) throw notFound('point', `${group}/${point}`);
      const proven = entries.filter(
        ({ value: { id, state } }) => kept.includes(id) && state === 'proven',
      );
      if (proven.length < kept.length) throw keptChanged(group, point);
      const operations = [put(key, { ...stored.value, state: 'expiring' as const })];
      const compares = [claim, ...[stored, ...proven].map(asRead)];
      return { compares, operations, result: undefined };
    });
  }

  async uncommitted(group: string): Promise<readonly string[]> {
    const session = await this.#store.get(keys.session(group));
    const past = await this.#store.range(keys.history(group));
    const committed = new Set((await this.points(group)).map(({ id }) => id));
    // A session and its point have one id.
    return [...(session === null ? [] : [session]), ...past]
      .filter(({ value: { phase } }) => phase === 'failed' || phase === 'superseded')
      .map(({ value: { id } }) => id)
      .filter((id) => !committed.has(id));
  }

  async removePoint(group: string, point: string): Promise<void> {
    await atomically(this.#store, async () => {
      const claim = await this.#claim(group);
      const operations = [remove(keys.point(group, point)), remove(keys.holds(group, point))];
      return { compares: [claim], operations, result: undefined };
    });
  }

  #claim(group: string): Promise<Compare> {
    return currentClaim(this.#store, this.#claims, 'session', group);
  }

  async #save(session: Session, others: readonly Operation[]): Promise<Attempt<void>> {
    const { group } = session;
    const [head, stored, latest] = await Promise.all([
      this.#store.get(keys.head(group)),
      this.#store.get(keys.session(group)),
      this.#store.get(keys.latest(group)),
    ]);
    if (head?.value.generation !== session.generation) throw superseded(session);
    const claim = await this.#claim(group);
    const begin = stored?.value.id === session.id ? [] : await this.#begin(session, stored);
    if (stored?.value.phase === 'superseded' && begin.length === 0) throw superseded(session);
    return {
      compares: [claim, unchanged(keys.head(group), head), unchanged(keys.session(group), stored)],
      operations: [
        put(keys.session(group), session),
        put(keys.latest(group), latestOf(session, latest?.value ?? null)),
        ...begin,
        ...others,
      ],
      result: undefined,
    };
  }

  async #begin(session: Session, before: Entry<Session> | null): Promise<readonly Operation[]> {
    const { group, resources } = session;
    const begun = [put(keys.members(group), { resources }), remove(keys.wanted(group))];
    if (before === null) return begun;
    if (!isEnded(before.value.phase)) throw inProgress(before.value);
    const past = await this.#store.range(keys.history(group));
    // A worker that slept through its successor's whole life.
    if (past.some(({ value }) => value.id === session.id)) throw superseded(session);
    const dropped = past.slice(0, Math.max(0, past.length + 1 - historyKept));
    return [
      ...begun,
      put(keys.history(group, before.value.id), summarize(before.value)),
      ...dropped.map(({ path }) => remove({ path })),
    ];
  }
}

/** By a check that was recorded after `seen`. */
function isFoundDamaged(stored: RecoveryPoint, seen: RecoveryPoint | undefined): boolean {
  if (seen === undefined || stored.state !== 'damaged') return false;
  return !isDeepStrictEqual(stored.checked, seen.checked);
}

function asRead({ path, modRevision }: Entry<unknown>): Compare {
  return { path, modRevision };
}

function keptChanged(group: string, point: string): FarshoreError {
  return new FarshoreError('a point that was to be kept in its place is proven no more', {
    code: 'retention.kept-changed',
    kind: 'transient',
    operation: 'expire recovery point',
    subject: `${group}/${point}`,
    hint: 'it is decided again which points can go',
  });
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
