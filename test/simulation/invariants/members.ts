import { resourceKey, type ResourceRef } from '../../../replicator/mover.ts';
import { decodeManifest } from '../../../replicator/point/manifest.ts';
import { isWhole, wholeKeys } from '../../../replicator/point/members.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import type { Session } from '../../../replicator/session/types.ts';
import type { Member } from '../../../controller/model/types.ts';
import { keys } from '../../../controller/state/keys.ts';
import type { GroupRecord } from '../../../controller/state/records.ts';
import { merged } from '../movers/rows.ts';
import { manifestName } from '../world/sim-bank.ts';
import { rowsIn } from './points.ts';
import { deletedBelow, must, putBelow, type Invariant, type Scene } from './types.ts';

/** What was seen of a group since it was made. */
interface Watched {
  readonly points: Map<string, RecoveryPoint>;
  /** When its document began to name a member, by kind and name or id. */
  readonly namedMs: Map<string, number>;
  /** When the claim was taken under which its newest session was begun: it read the document after that. */
  beganMs: number;
  /** The place of the first point in which a resource was empty that had not been, by its key. */
  readonly emptied: Map<string, number>;
  /** Points whose copy of a resource holds nothing: `point key`. */
  readonly empty: Set<string>;
}

/**
 * A point says what it lacks, and is `partial` then; whatever the group's document names is in it, or
 * named as lacking. The last whole copy of a member that was lost, replaced, or lacking stays, and the
 * last one from before it was emptied, until an operator releases it or names it no more.
 */
export function members({ world, truth }: Scene): Invariant {
  const groups = new Map<string, Watched>();
  const claimedMs = new Map<string, number>();
  const watched = (name: string): Watched => {
    const known = groups.get(name) ?? fresh();
    groups.set(name, known);
    return known;
  };
  const isReleased = (group: string, key: string) => world.released.has(`${group}/${key}`);

  const named = (name: string, { spec }: GroupRecord): void => {
    const { namedMs } = watched(name);
    const wanted = new Set(spec.members.map(wordOf));
    for (const word of namedMs.keys()) if (!wanted.has(word)) namedMs.delete(word);
    for (const word of wanted) if (!namedMs.has(word)) namedMs.set(word, world.scheduler.nowMs);
  };

  /** Named since before the newest session began, so that it knows of it. */
  const isNamed = (name: string, resource: ResourceRef): boolean => {
    const { namedMs, beganMs } = watched(name);
    return [resource.id, resource.name].some(
      (word) => (namedMs.get(`${resource.kind}/${word}`) ?? Infinity) < beganMs,
    );
  };

  const committed = (point: RecoveryPoint): void => {
    const { group, id, state, members: all, sequence } = point;
    const region = world.region(point.region);
    const body = region.bank.get(manifestName(group, id));
    must('partial-says-so', body !== undefined, () => `no manifest of ${group}/${id}`);
    const manifest = decodeManifest(body, point);
    const inPoint = manifest.copies.map(({ resource }) => resourceKey(resource)).sort();
    const held = all.filter(({ dataTime }) => dataTime !== null);
    const said = held.map(({ resource }) => resourceKey(resource)).sort();
    const isSame = JSON.stringify(said) === JSON.stringify(inPoint);
    must('partial-says-so', isSame, () => `${id} has ${inPoint.join()} and says ${said.join()}`);
    const lacks = new Map(manifest.lacks.map((each) => [resourceKey(each.resource), each]));
    for (const { resource, problem } of all.filter(({ dataTime }) => dataTime === null)) {
      const lack = lacks.get(resourceKey(resource));
      const isSaid = problem !== null && problem.message !== '' && lack?.code === problem.code;
      must('partial-says-so', isSaid, () => `${id} does not say why ${resource.name} is lacking`);
    }
    // It may have been known by then that others damaged what it shares with them.
    const whole = held.filter(isWhole);
    const isRight =
      state === (whole.length === 0 ? 'damaged' : whole.length < all.length ? 'partial' : 'proven');
    must(
      'partial-says-so',
      isRight,
      () => `${id} is ${state} with ${whole.length} of ${all.length}`,
    );
    mustNameAll(point);
    const seen = watched(group);
    for (const copy of manifest.copies) {
      const key = resourceKey(copy.resource);
      const before = newestWhole(seen, key, (other) => other.sequence < sequence);
      if (merged(rowsIn(copy, region)).size > 0) continue;
      seen.empty.add(`${id} ${key}`);
      const wasFull = before !== undefined && !seen.empty.has(`${before.id} ${key}`);
      if (wasFull && !seen.emptied.has(key)) seen.emptied.set(key, sequence);
    }
  };

  const mustNameAll = ({ group, id, members: all }: RecoveryPoint): void => {
    const { namedMs, beganMs } = watched(group);
    const words = new Set(
      all.flatMap(({ resource }) => [
        `${resource.kind}/${resource.id}`,
        `${resource.kind}/${resource.name}`,
      ]),
    );
    for (const [word, sinceMs] of namedMs) {
      const isMeant = sinceMs < beganMs && !isReleased(group, word);
      must(
        'point-names-all',
        !isMeant || words.has(word) || isReleasedByName(group, word),
        () => `${group}/${id} says nothing of ${word}`,
      );
    }
  };

  /** What bore the name was let go. */
  const isReleasedByName = (group: string, word: string): boolean =>
    [...watched(group).points.values()].some(({ members: all }) =>
      all.some(
        ({ resource }) =>
          `${resource.kind}/${resource.name}` === word && isReleased(group, resourceKey(resource)),
      ),
    );

  const expiring = (before: RecoveryPoint): void => {
    const { group, id, sequence } = before;
    if (world.ordered.has(group) || world.ordered.has(`${group}/${id}`)) return;
    const seen = watched(group);
    for (const { resource } of before.members) {
      const key = resourceKey(resource);
      if (!wholeKeys(before).includes(key) || !isNamed(group, resource)) continue;
      if (isReleased(group, key)) continue;
      const newer = newestWhole(seen, key, (other) => other.sequence > sequence);
      must('last-copy-kept', newer !== undefined, () => `${id} has the last copy of ${key}`);
      const emptied = seen.emptied.get(key) ?? -Infinity;
      if (sequence >= emptied) continue;
      const full = newestWhole(seen, key, (o) => o.sequence > sequence && o.sequence < emptied);
      must(
        'last-copy-kept',
        full !== undefined,
        () => `${id} has ${key} as it was before it was emptied`,
      );
    }
  };

  return {
    onCommit(transaction) {
      for (const name of deletedBelow(transaction, 'groups/')) groups.delete(name);
      for (const path of deletedBelow(transaction, 'points/')) {
        const [group = '', id = ''] = path.split('/');
        groups.get(group)?.points.delete(id);
      }
      for (const [name] of putBelow(transaction, keys.claim('session').path))
        claimedMs.set(name, world.scheduler.nowMs);
      for (const [name, record] of putBelow<GroupRecord>(transaction, 'groups/'))
        named(name, record);
      for (const [name, session] of putBelow<Session>(transaction, 'sessions/'))
        if (session.runs === 0) watched(name).beganMs = claimedMs.get(name) ?? -Infinity;
      for (const [, point] of putBelow<RecoveryPoint>(transaction, 'points/')) {
        const { points } = watched(point.group);
        const before = points.get(point.id);
        points.set(point.id, point);
        if (before === undefined) committed(point);
        else if (point.state === 'expiring' && before.state !== 'expiring') expiring(before);
      }
    },
    atEnd() {
      for (const name of groups.keys())
        must('group-is-watched', truth.group(name) !== null, () => `${name} is gone unnoticed`);
    },
  };
}

function newestWhole(
  { points }: Watched,
  key: string,
  isMeant: (point: RecoveryPoint) => boolean,
): RecoveryPoint | undefined {
  return [...points.values()]
    .filter((point) => isMeant(point) && wholeKeys(point).includes(key))
    .toSorted((a, b) => b.sequence - a.sequence)[0];
}

function wordOf(member: Member): string {
  return `${member.kind}/${'nameOrId' in member ? member.nameOrId : '*'}`;
}

function fresh(): Watched {
  return {
    points: new Map(),
    namedMs: new Map(),
    beganMs: -Infinity,
    emptied: new Map(),
    empty: new Set(),
  };
}
