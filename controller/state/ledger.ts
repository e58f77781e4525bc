import { FarshoreError } from '../../kernel/errors.ts';
import { currentClaim } from '../cluster/current-claim.ts';
import type { Claims } from '../cluster/types.ts';
import { newestFirst } from '../../replicator/point/choose.ts';
import type { NewPoint, RecoveryPoint } from '../../replicator/point/types.ts';
import { isEnded } from '../../replicator/session/state.ts';
import { resourceKey } from '../../replicator/mover.ts';
import { stillValid, withChecks } from '../../replicator/point/members.ts';
import {
  othersChanged,
  type KeptPoint,
  type Ledger,
  type PointChecks,
} from '../../replicator/session/ledger.ts';
import type { Session } from '../../replicator/session/types.ts';
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
import { newestIn, placed } from './check-serial.ts';
import { keys } from './keys.ts';
import { type MemberChange, memberTaken, type PastSession } from './records.ts';
import { notFound } from './refusals.ts';
import { latestOf, remember } from './summary.ts';

/** Ended sessions that are remembered beside the newest; and as many of which a manifest without a point may be in the bank. */
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
    return newestFirst(entries.map(({ value }) => value));
  }

  async commitPoint(
    point: NewPoint,
    session: Session,
    known: readonly RecoveryPoint[],
  ): Promise<void> {
    const { group } = point;
    const key = keys.point(group, point.id);
    await atomically(this.#store, async () => {
      const sharing = await this.#store.get(keys.sharing(group));
      // Nobody else commits for the group while the claim is held.
      const others = (await this.points(group)).filter(({ id }) => id !== point.id);
      const sequence = 1 + Math.max(0, ...others.map((other) => other.sequence));
      const newestCheck = 1 + newestIn(sharing);
      const head = placed({ ...point, sequence }, newestCheck);
      const changed = await this.#changed(session, sequence, point.committedAt);
      const saved = await this.#save(session, [put(key, head)]);
      if (others.some((other) => isNews(other, known))) throw othersChanged(group, 'commit point');
      return {
        compares: [...saved.compares, ...changed.compares, unchanged(keys.sharing(group), sharing)],
        operations: [
          ...saved.operations,
          ...changed.operations,
          put(keys.sharing(group), { newestCheck }),
        ],
        result: undefined,
      };
    });
  }

  /** A point that was removed is not brought back, and one that is expiring stays so: its data is going. */
  async recordChecks(
    group: string,
    { at, depth, points, of, among }: PointChecks,
    seen: readonly RecoveryPoint[] = [],
  ): Promise<readonly RecoveryPoint[]> {
    const { result } = await atomically(this.#store, async () => {
      const sharing = await this.#store.get(keys.sharing(group));
      if (among !== undefined && (await this.points(group)).some(({ id }) => !among.includes(id)))
        throw othersChanged(group, 'record checks');
      const compares: Compare[] = [unchanged(keys.sharing(group), sharing)];
      const newestCheck = 1 + newestIn(sharing);
      const operations: Operation[] = [];
      const heads: RecoveryPoint[] = [];
      for (const [id, checks] of points) {
        const key = keys.point(group, id);
        const stored = await this.#store.get(key);
        if (stored === null) continue;
        const before = seen.find((each) => each.id === id);
        const valid = stillValid(checks, stored.value, before);
        const isOwn = of === undefined || id === of;
        const found = withChecks(stored.value, valid, depth, at, isOwn);
        const isSame = found === stored.value;
        const head = isSame ? found : placed(found, newestCheck);
        heads.push(head);
        if (isSame) continue;
        compares.push(unchanged(key, stored));
        operations.push(put(key, head));
      }
      if (operations.length > 0) operations.push(put(keys.sharing(group), { newestCheck }));
      return { compares, operations, result: heads };
    });
    return result;
  }

  async newestCheck(group: string): Promise<number> {
    return newestIn(await this.#store.get(keys.sharing(group)));
  }

  async expirePoint(group: string, point: string, kept: readonly KeptPoint[] = []): Promise<void> {
    const key = keys.point(group, point);
    await atomically(this.#store, async () => {
      const claim = await this.#claim(group);
      const entries = await this.#store.range(keys.point(group));
      const stored = entries.find(({ path }) => path === key.path);
      if (stored === undefined) throw notFound('point', `${group}/${point}`);
      const still = entries.filter(({ value }) => kept.some((each) => isStill(value, each)));
      if (still.length < kept.length) throw keptChanged(group, point);
      const holds = await this.#store.get(keys.holds(group, point));
      if (holds?.value.operator !== undefined) throw heldMeanwhile(group, point);
      const operations = [put(key, { ...stored.value, state: 'expiring' as const })];
      const compares = [
        claim,
        unchanged(keys.holds(group, point), holds),
        ...[stored, ...still].map(asRead),
      ];
      return { compares, operations, result: undefined };
    });
  }

  async pointless(group: string): Promise<readonly string[]> {
    const session = await this.#store.get(keys.session(group));
    const past = await this.#store.range(keys.history(group));
    const current =
      session !== null && isEnded(session.value.phase) ? [remember(session.value)] : [];
    const isPointless = await this.#isPointless(group);
    return [...past.map(({ value }) => value), ...current].filter(isPointless).map(({ id }) => id);
  }

  async removePoint(group: string, point: string): Promise<void> {
    await atomically(this.#store, async () => {
      const claim = await this.#claim(group);
      const operations = [remove(keys.point(group, point)), remove(keys.holds(group, point))];
      return { compares: [claim], operations, result: undefined };
    });
  }

  /**
   * What the session saw happen to the content of its members, noted with the point that came with
   * it. Only whoever has the group's claim writes here, but for an operator, who lets go: what he let
   * go meanwhile is compared.
   */
  async #changed(
    { group, resources, changes = [] }: Session,
    sequence: number,
    since: string,
  ): Promise<Pick<Attempt<void>, 'compares' | 'operations'>> {
    if (changes.length === 0) return { compares: [], operations: [] };
    const stored = await this.#store.get(keys.changes(group));
    const noted = stored?.value.changes ?? [];
    const fresh = changes.flatMap(({ resource: key, change, detail }): readonly MemberChange[] => {
      const resource = resources.find((each) => resourceKey(each) === key);
      // The first one counts: it names the last copies from before.
      const isNoted = noted.some((each) => resourceKey(each.resource) === key);
      return resource === undefined || isNoted
        ? []
        : [{ resource, change, since, detail, sequence }];
    });
    return {
      compares: [unchanged(keys.changes(group), stored)],
      operations: [put(keys.changes(group), { changes: [...noted, ...fresh] })],
    };
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

  /** Whether a manifest of that session that is in the bank belongs to no point. */
  async #isPointless(group: string): Promise<(past: PastSession) => boolean> {
    // A session and its point have one id.
    const there = new Set((await this.points(group)).map(({ id }) => id));
    return ({ id, isSealed }) => isSealed && !there.has(id);
  }

  async #begin(session: Session, before: Entry<Session> | null): Promise<readonly Operation[]> {
    const { group, lacking } = session;
    const own = lacking.filter(({ code }) => code !== memberTaken);
    const resources = [...session.resources, ...own.map(({ resource }) => resource)];
    const begun = [put(keys.members(group), { resources }), remove(keys.wanted(group))];
    if (before === null) return begun;
    if (!isEnded(before.value.phase)) throw inProgress(before.value);
    const past = await this.#store.range(keys.history(group));
    // A worker that slept through its successor's whole life.
    if (past.some(({ value }) => value.id === session.id)) throw superseded(session);
    const isPointless = await this.#isPointless(group);
    const dropped = [
      ...oldest(past.filter(({ value }) => isPointless(value))),
      ...oldest(past.filter(({ value }) => !isPointless(value))),
    ];
    return [
      ...begun,
      put(keys.history(group, before.value.id), remember(before.value)),
      ...dropped.map(({ path }) => remove({ path })),
    ];
  }
}

/** All that are not kept once there is one more. */
function oldest<T>(past: readonly T[]): readonly T[] {
  return past.slice(0, Math.max(0, past.length + 1 - historyKept));
}

/** Another check was recorded of it than was known, or it came since. */
function isNews({ id, checked }: RecoveryPoint, known: readonly RecoveryPoint[]): boolean {
  const before = known.find((each) => each.id === id);
  return JSON.stringify(before?.checked) !== JSON.stringify(checked);
}

/** As good as it was when a decision was made on it. */
function isStill({ id, state, checked }: RecoveryPoint, kept: KeptPoint): boolean {
  return id === kept.id && state === kept.state && checked.damaged <= kept.damaged;
}

function asRead({ path, modRevision }: Entry<unknown>): Compare {
  return { path, modRevision };
}

function keptChanged(group: string, point: string): FarshoreError {
  return new FarshoreError('a point that was to be kept in its place was found damaged', {
    code: 'retention.kept-changed',
    kind: 'transient',
    operation: 'expire recovery point',
    subject: `${group}/${point}`,
    hint: 'it is decided again which points can go',
  });
}

function heldMeanwhile(group: string, point: string): FarshoreError {
  return new FarshoreError('an operator holds it since', {
    code: 'point.held',
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
