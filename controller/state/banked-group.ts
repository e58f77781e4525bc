import { z } from 'zod';
import type { Bank } from '../../replicator/bank/bank.ts';
import { writeGroupRecord } from '../../replicator/bank/group-record.ts';
import type { ResourceRef } from '../../replicator/mover.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import type { GroupSpec, ProtectionPolicy } from '../model/types.ts';
import { type Operation, put, type Store } from '../store/store.ts';
import { readGroup } from './groups.ts';
import { keys } from './keys.ts';
import type { GroupHead, MemberChange } from './records.ts';

/** What of the state lies beside a group's points, so that it can be had back from nothing but them. */
export interface BankedGroup {
  readonly spec: GroupSpec;
  readonly createdAt: string;
  readonly policy: ProtectionPolicy;
  readonly head: GroupHead;
  readonly resources: readonly ResourceRef[];
  /** Which points operators hold, and why; of those that are there. */
  readonly holds: readonly BankedHold[];
  /** What keeps last copies. `newestBefore`: the newest of the points that came before the change. */
  readonly changes: readonly (MemberChange & { readonly newestBefore?: string })[];
}

interface BankedHold {
  readonly point: string;
  readonly reason: string;
  readonly at: string;
}

const text = z.string().min(1);
const byName = z.record(z.string(), z.string());
const resource = z.looseObject({ kind: text, id: text, name: z.string() });

/** As far as a mistake of who wrote it would do harm; what else is there is kept. */
const bankedSchema = z.looseObject({
  spec: z.looseObject({
    name: text,
    policy: text,
    source: z.looseObject({ region: text, project: text }),
    target: z.looseObject({ project: text, mappings: z.record(text, byName) }),
    members: z.array(z.looseObject({ kind: text })),
    paused: z.boolean(),
  }),
  createdAt: text,
  policy: z.looseObject({
    name: text,
    targetRegion: text,
    rpoSeconds: z.number(),
    schedule: z.looseObject({}),
    retention: z.looseObject({ last: z.int().min(1) }),
    changes: z.looseObject({ limitPercent: z.number(), graceSeconds: z.number() }),
    verification: z.looseObject({
      periodSeconds: z.number().min(60).nullable(),
      bytesPerSecond: z.number().min(1),
    }),
    options: z.record(text, z.unknown()),
  }),
  head: z.looseObject({ generation: z.int().min(1), primary: text, secondary: text }),
  resources: z.array(resource),
  holds: z.array(z.looseObject({ point: text, reason: z.string(), at: text })).default([]),
  changes: z
    .array(
      z.looseObject({
        resource,
        change: z.enum(['lost', 'replaced', 'emptied', 'changed']),
        since: text,
        detail: z.string(),
        newestBefore: text.optional(),
      }),
    )
    .default([]),
});

/** Or what it lacks, in a line. */
export function parseBankedGroup(content: unknown): BankedGroup | string {
  const { data, error } = bankedSchema.safeParse(content);
  if (error === undefined) return data as unknown as BankedGroup;
  return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
}

/** The group as it is now, into the bank of the region that holds its points. */
export async function bankGroup(
  store: Store,
  group: string,
  bank: Bank,
  signal: AbortSignal,
): Promise<void> {
  const { record, head } = await readGroup(store, group);
  const { spec, createdAt } = record.value;
  const policy = await store.get(keys.policy(spec.policy));
  if (policy === null) return;
  const resources = (await store.get(keys.members(group)))?.value.resources ?? [];
  const points = (await store.range(keys.point(group))).map(({ value }) => value);
  const prefix = keys.holds(group);
  const holds = (await store.range(prefix)).flatMap(({ path, value: { operator } }) =>
    operator === undefined ? [] : [{ point: path.slice(prefix.path.length), ...operator }],
  );
  const changes = (await store.get(keys.changes(group)))?.value.changes ?? [];
  const content: BankedGroup = {
    spec,
    createdAt,
    policy: policy.value,
    head: head.value,
    resources,
    holds,
    changes: changes.map((change) => ({ ...change, ...newestBefore(change, points) })),
  };
  const { generation } = head.value;
  await writeGroupRecord(bank, { group, createdAt, generation }, content, signal);
}

/** Places in the order of points are the state's own; a point's name is not. */
function newestBefore(
  { sequence }: MemberChange,
  points: readonly RecoveryPoint[],
): { readonly newestBefore?: string } {
  if (sequence === undefined) return {};
  const [newest] = points
    .filter((point) => point.sequence < sequence)
    .toSorted((a, b) => b.sequence - a.sequence);
  return newest === undefined ? {} : { newestBefore: newest.id };
}

/** Holds and changes as the state has them, for points in the places that they have now. */
export function keptByOperators(
  { spec: { name }, holds, changes }: BankedGroup,
  points: readonly RecoveryPoint[],
): readonly Operation[] {
  const bySequence = new Map(points.map(({ id, sequence }) => [id, sequence]));
  const held = holds
    .filter(({ point }) => bySequence.has(point))
    .map(({ point, reason, at }) =>
      put(keys.holds(name, point), { executions: [], operator: { reason, at } }),
    );
  const known = changes.map(({ newestBefore: before = '', sequence, ...change }) => {
    // Names of points sort by time: where that one was let go, those before it are meant.
    const older = points.filter(({ id }) => id <= before).map((point) => point.sequence);
    const place = bySequence.get(before) ?? Math.max(0, ...older);
    return sequence === undefined ? change : { ...change, sequence: place + 1 };
  });
  return known.length === 0 ? held : [...held, put(keys.changes(name), { changes: known })];
}
