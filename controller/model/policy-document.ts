import { z } from 'zod';
import { kinds } from '../../replicator/kinds.ts';
import type { KindOptions } from '../../replicator/mover.ts';
import { longestGapSeconds } from '../../replicator/schedule/longest-gap.ts';
import type { ProtectionPolicy, Schedule } from '../../replicator/policy.ts';
import { formatByteRate, parseByteRate } from '../input/byte-rate.ts';
import { formatDuration, parseDuration } from '../input/duration.ts';
import { byteRate, duration, objectName } from './fields.ts';

const count = z.number().int().min(0).max(10_000);

const schedule = z.strictObject({
  every: duration.optional().describe('Interval from start to start.'),
  cron: z.string().max(200).optional().describe('Five fields: minute hour day month weekday.'),
  timeZone: z.string().max(64).optional().describe('Of the cron pattern; UTC unless given.'),
  jitter: duration.default('0s').describe('At most this is added to each start, at random.'),
});

const retention = z.strictObject({
  last: count.min(1, 'expected at least 1').default(1),
  hourly: count.default(0),
  daily: count.default(0),
  weekly: count.default(0),
  monthly: count.default(0),
  maxAge: duration.optional(),
});

const changes = z.strictObject({
  limit: z
    .number()
    .int()
    .min(1)
    .max(100)
    .default(50)
    .describe('Percent of a resource that may be removed or rewritten between two points.'),
  grace: duration
    .default('7d')
    .describe('How long the copies from before are kept, unless they are released.'),
});

const off = 'off';

const verification = z.strictObject({
  period: z
    .string()
    .refine(
      (text) => text === off || parseDuration(text) !== null,
      'expected a duration such as 30d or 12h, or off',
    )
    .default('30d')
    .describe('Within it everything in the target is read again and hashed; off: never.'),
  rate: byteRate
    .default('50MiB/s')
    .describe('No more than this is read for it, a group: at least 64KiB/s.'),
});

const withOptions = kinds.filter((kind) => kind.options !== null);
const options = Object.fromEntries(
  withOptions.map((kind) => [kind.plural, kind.options ?? z.never()]),
);

/** A policy as people write it, in a file and over HTTP. */
export const policySchema = z
  .strictObject({
    kind: z.literal('policy').optional(),
    name: objectName,
    objectives: z.strictObject({ rpo: duration, rto: duration }),
    schedule,
    retention: retention
      .default({ last: 3, hourly: 24, daily: 7, weekly: 0, monthly: 0 })
      .describe('How many points are kept; without it 3 last, 24 hourly, 7 daily.'),
    changes: changes
      .prefault({})
      .describe('What may happen to members in the source before their last copies are kept.'),
    verification: verification
      .prefault({})
      .describe('How often what lies in the target is read again, and how fast.'),
    target: objectName.describe('Region that holds the recovery points.'),
    // By their plurals; the compiler need not know these.
    ...(options as object),
  })
  .superRefine((policy, context) => {
    for (const [path, message] of [...relations(policy), ...readRelations(policy)])
      context.addIssue({ code: 'custom', path: [...path], message });
  })
  .meta({ id: 'Policy' });

export type PolicyDocument = z.output<typeof policySchema>;
type Relation = readonly [path: readonly string[], message: string];

export function toPolicy(document: PolicyDocument): ProtectionPolicy {
  const { maxAge, ...kept } = document.retention;
  return {
    name: document.name,
    rpoSeconds: seconds(document.objectives.rpo),
    rtoSeconds: seconds(document.objectives.rto),
    schedule: toSchedule(document.schedule),
    retention: maxAge === undefined ? kept : { ...kept, maxAgeSeconds: seconds(maxAge) },
    changes: {
      limitPercent: document.changes.limit,
      graceSeconds: seconds(document.changes.grace),
    },
    verification: toVerification(document.verification),
    targetRegion: document.target,
    options: optionsOf(document),
  };
}

export function fromPolicy(policy: ProtectionPolicy): PolicyDocument {
  const { maxAgeSeconds, ...kept } = policy.retention;
  const { schedule: times } = policy;
  const jitter = formatDuration(times.jitterSeconds);
  return {
    kind: 'policy',
    name: policy.name,
    objectives: {
      rpo: formatDuration(policy.rpoSeconds),
      rto: formatDuration(policy.rtoSeconds),
    },
    schedule:
      'every' in times
        ? { every: formatDuration(times.every), jitter }
        : { cron: times.cron, timeZone: times.timeZone, jitter },
    retention:
      maxAgeSeconds === undefined ? kept : { ...kept, maxAge: formatDuration(maxAgeSeconds) },
    changes: {
      limit: policy.changes.limitPercent,
      grace: formatDuration(policy.changes.graceSeconds),
    },
    verification: {
      period:
        policy.verification.periodSeconds === null
          ? off
          : formatDuration(policy.verification.periodSeconds),
      rate: formatByteRate(policy.verification.bytesPerSecond),
    },
    target: policy.targetRegion,
    ...Object.fromEntries(withOptions.map(({ name, plural }) => [plural, policy.options[name]])),
  };
}

function optionsOf(document: Readonly<Record<string, unknown>>): KindOptions {
  return Object.fromEntries(withOptions.map(({ name, plural }) => [name, document[plural]]));
}

function toSchedule(times: PolicyDocument['schedule']): Schedule {
  const jitterSeconds = seconds(times.jitter);
  return times.cron === undefined
    ? { every: seconds(times.every ?? ''), jitterSeconds }
    : { cron: times.cron, timeZone: times.timeZone ?? 'UTC', jitterSeconds };
}

function toVerification({
  period,
  rate,
}: PolicyDocument['verification']): ProtectionPolicy['verification'] {
  return {
    periodSeconds: period === off ? null : seconds(period),
    bytesPerSecond: parseByteRate(rate) ?? 0,
  };
}

/** Only of texts that the schema accepted. */
function seconds(text: string): number {
  return parseDuration(text) ?? 0;
}

/** What no single field can tell: a schedule must be one, and be able to meet the RPO. */
function relations(policy: PolicyDocument): readonly Relation[] {
  const { every, cron, timeZone } = policy.schedule;
  if ((every === undefined) === (cron === undefined))
    return [[['schedule'], 'expected either every or cron']];
  if (every !== undefined && timeZone !== undefined)
    return [[['schedule', 'timeZone'], 'belongs to cron, and every is given']];
  if (every !== undefined && seconds(every) < 10)
    return [[['schedule', 'every'], 'expected at least 10s']];
  const longest = longestPause(toSchedule(policy.schedule));
  if (typeof longest === 'string') return [[['schedule', 'cron'], longest]];
  if (longest < seconds(policy.objectives.rpo)) return [];
  return [
    [
      ['schedule', every === undefined ? 'cron' : 'every'],
      `up to ${formatDuration(longest)} between two runs cannot keep an RPO of ${policy.objectives.rpo}: the interval with its jitter must be shorter`,
    ],
  ];
}

function readRelations({ verification: { period, rate } }: PolicyDocument): readonly Relation[] {
  const faults: Relation[] = [];
  // What is neither is a fault of its own.
  if ((parseDuration(period) ?? Infinity) < 60)
    faults.push([['verification', 'period'], 'expected at least 1m, or off']);
  if ((parseByteRate(rate) ?? Infinity) < 64 * 1024)
    faults.push([['verification', 'rate'], 'expected at least 64KiB/s']);
  return faults;
}

/** In seconds; or what is wrong with the cron pattern. */
function longestPause(schedule: Schedule): number | string {
  try {
    const longest = longestGapSeconds(schedule);
    return longest === Infinity ? 'never comes again' : longest;
  } catch (error) {
    // Croner's message is the fault's text.
    return `not a schedule: ${error instanceof Error ? error.message : String(error)}`;
  }
}
