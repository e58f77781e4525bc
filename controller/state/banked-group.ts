import { z } from 'zod';
import type { Bank } from '../../replicator/bank/bank.ts';
import { writeGroupRecord } from '../../replicator/bank/group-record.ts';
import type { ResourceRef } from '../../replicator/mover.ts';
import type { GroupSpec, ProtectionPolicy } from '../model/types.ts';
import type { Store } from '../store/store.ts';
import { readGroup } from './groups.ts';
import { keys } from './keys.ts';
import type { GroupHead } from './records.ts';

/** What of the state lies beside a group's points, so that it can be had back from nothing but them. */
export interface BankedGroup {
  readonly spec: GroupSpec;
  readonly createdAt: string;
  readonly policy: ProtectionPolicy;
  readonly head: GroupHead;
  readonly resources: readonly ResourceRef[];
}

const text = z.string().min(1);
const byName = z.record(z.string(), z.string());

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
  resources: z.array(z.looseObject({ kind: text, id: text, name: z.string() })),
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
  const content: BankedGroup = {
    spec,
    createdAt,
    policy: policy.value,
    head: head.value,
    resources,
  };
  await writeGroupRecord(bank, group, content, signal);
}
