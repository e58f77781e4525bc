import { z } from 'zod';

import { kinds } from '../../replicator/kinds.ts';
import type { PointManifest, RecoveryPoint } from '../../replicator/point/types.ts';
import type { ProgressSnapshot } from '../../replicator/session/meter.ts';
import { approvalReason } from '../../runbooks/approval.ts';
import { type Execution, executionModes, type StepRecord } from '../../runbooks/execution/types.ts';
import type { ClusterStatus } from '../model/controller-status.ts';
import {
  type AgedExecution,
  type GroupStatus,
  groupStates,
  type SessionSummary,
} from '../model/types.ts';
import type { ListedPoint } from '../service/keeping.ts';
import type { RegionStatus, StoredAudit } from '../service.ts';

const time = z.string().describe('RFC 3339, UTC');
const failure = z.object({ code: z.string(), message: z.string() });
const moved = z.object({ bytes: z.number(), objects: z.number() });

const resourceRef = z
  .object({ kind: z.enum(kinds.map(({ name }) => name)), id: z.string(), name: z.string() })
  .meta({ id: 'ResourceRef' });

export const regionStatus = z
  .object({
    name: z.string(),
    services: z.array(
      z.object({
        service: z.enum(['identity', 'object-store', 'block-storage', 'image']),
        up: z.boolean(),
        reason: z.exactOptional(z.string()),
        latencyMs: z.number(),
      }),
    ),
  })
  .meta({ id: 'Region' }) satisfies z.ZodType<RegionStatus>;

export const sessionSummary = z
  .object({
    id: z.string(),
    phase: z.string(),
    startedAt: time,
    endedAt: time.nullable(),
    runs: z.number(),
    moved,
    lacks: z
      .number()
      .describe('Resources that the point of the session lacks, or has only a part of.'),
    error: failure.nullable(),
  })
  .meta({ id: 'Session' }) satisfies z.ZodType<SessionSummary>;

export const progressSnapshot = z
  .object({
    expectedBytes: z.number(),
    expectedObjects: z.number(),
    movedBytes: z.number(),
    movedObjects: z.number(),
    copiedBytes: z.number(),
    copiedObjects: z.number(),
    presentBytes: z.number(),
    presentObjects: z.number(),
    elapsedSeconds: z.number(),
    bytesPerSecond: z.number(),
    secondsLeft: z.number().nullable(),
    waiting: z.array(z.object({ subject: z.string(), text: z.string(), isStalled: z.boolean() })),
  })
  .meta({ id: 'Progress' }) satisfies z.ZodType<ProgressSnapshot>;

export const sessionState = z
  .object({ summary: sessionSummary, progress: progressSnapshot.nullable() })
  .meta({ id: 'SessionState' });

const executionMode = z.enum(executionModes);

const executionResult = z.enum(['succeeded', 'unchecked', 'partial', 'failed', 'cancelled']);

const executionSummary = z
  .object({
    id: z.string(),
    mode: executionMode,
    state: z
      .enum(['running', 'waiting', ...executionResult.options])
      .describe('`waiting`: somebody has to approve a step; ended: its result.'),
    declaredAt: time,
    since: time.describe('When it came into this state.'),
    gates: z
      .array(z.object({ step: z.string(), gate: z.string(), needsReason: z.boolean() }))
      .describe('The steps that somebody has to approve, and why.'),
    failed: z
      .object({ title: z.string(), message: z.string() })
      .nullable()
      .describe('The first step that failed.'),
    ageSeconds: z.number().describe('Since then.'),
  })
  .meta({ id: 'ExecutionSummary' }) satisfies z.ZodType<AgedExecution>;

const memberState = z.enum(['proven', 'partial', 'damaged', 'lacking']);

export const groupStatus = z
  .object({
    name: z.string(),
    policy: z.string(),
    generation: z.number().describe('Rises with every change of primary.'),
    primary: z.string(),
    secondary: z.string(),
    state: z.enum(groupStates),
    resources: z.array(resourceRef),
    rpoSeconds: z
      .number()
      .nullable()
      .describe('Age of the newest whole copy of the resource that is worst off.'),
    rpoObjectiveSeconds: z.number(),
    rtoSeconds: z.number().nullable().describe('Of the newest verified drill or failover.'),
    rtoObjectiveSeconds: z.number(),
    newestUsablePoint: z.string().nullable(),
    newestProvenDataTime: time.nullable(),
    points: z.object({ proven: z.number(), partial: z.number(), damaged: z.number() }),
    damagedCopies: z
      .number()
      .describe('Copies in any of its points that were found damaged in the secondary.'),
    lacks: z
      .array(z.object({ resource: resourceRef, state: memberState, problem: failure.nullable() }))
      .describe('What cannot be recovered from the newest point, or not wholly, and why.'),
    changes: z
      .array(
        z.object({
          resource: resourceRef,
          change: z.enum(['lost', 'replaced', 'emptied', 'changed']),
          since: time,
          detail: z.string(),
        }),
      )
      .describe('What happened to members in the source; their copies from before are kept.'),
    verification: z
      .object({
        readSince: time,
        ageSeconds: z.number(),
        periodSeconds: z.number(),
        lastEndedAt: time.nullable(),
        round: z
          .object({ startedAt: time, bytes: z.number(), damaged: z.number() })
          .nullable()
          .describe('The reading under way.'),
      })
      .nullable()
      .describe('Since when everything that the group has in the secondary was read again.'),
    session: sessionSummary.nullable(),
    stalled: z
      .array(z.object({ subject: z.string(), text: z.string() }))
      .describe(
        'What the session waits for and has not moved for minutes; known to the controller that runs it.',
      ),
    nextSessionAt: time.nullable(),
    executions: z.array(executionSummary).describe('The newest of each mode, dry runs apart.'),
  })
  .meta({ id: 'GroupStatus' }) satisfies z.ZodType<GroupStatus>;

const finding = z
  .object({
    resource: z.string(),
    subject: z.string(),
    problem: z.enum(['missing', 'truncated', 'altered', 'unexpected', 'unreadable']),
    detail: z.string(),
  })
  .meta({ id: 'Finding' });

export const recoveryPoint = z
  .object({
    id: z.string(),
    group: z.string(),
    generation: z.number(),
    sequence: z.number().describe('Its place among the points of the group, by commit.'),
    state: z.enum(['proven', 'partial', 'damaged', 'expiring']),
    region: z.string(),
    sourceRegion: z.string(),
    cutStart: time,
    cutEnd: time,
    dataTime: time.describe('The oldest data time of its copies: what RPO counts from.'),
    committedAt: time,
    manifest: z.object({ object: z.string(), sha256: z.string() }),
    members: z.array(
      z.object({
        resource: resourceRef,
        state: memberState,
        dataTime: time.nullable(),
        damaged: z.number(),
        problem: failure.nullable(),
      }),
    ),
    formats: z
      .array(z.string())
      .describe('What has to be understood to use it: `manifest/2`, `volume/1`.'),
    resources: z.number(),
    objects: z.number(),
    bytes: z.number(),
    checked: z.object({
      serial: z.number().describe('Its place among all checks that were recorded of the group.'),
      at: time,
      depth: z.enum(['listing', 'content']),
      damaged: z.number(),
      findings: z.array(finding),
    }),
  })
  .meta({ id: 'RecoveryPoint' }) satisfies z.ZodType<RecoveryPoint>;

export const listedPoint = recoveryPoint
  .extend({
    kept: z
      .array(z.string())
      .describe('Why retention keeps it; nothing means that the next session lets it go.'),
  })
  .meta({ id: 'ListedRecoveryPoint' }) satisfies z.ZodType<ListedPoint>;

/** Of what destroys. */
export const auditedQuery = z.strictObject({ reason: approvalReason.optional() });

export const reasonBody = z.strictObject({ reason: approvalReason }).meta({ id: 'Reason' });

/** The copies are the movers' own records: their full form is part of the bank's format, not of the API. */
export const pointWithManifest = z
  .object({
    point: recoveryPoint,
    manifest: z.custom<PointManifest>().meta({ type: 'object' }),
  })
  .meta({ id: 'RecoveryPointWithManifest' });

const stepRecord = z
  .object({
    id: z.string(),
    type: z.string(),
    title: z.string(),
    needs: z.array(z.string()),
    params: z.record(z.string(), z.unknown()),
    always: z.boolean(),
    timeoutSeconds: z.exactOptional(z.number()),
    retries: z.exactOptional(z.number()),
    gate: z
      .exactOptional(z.string())
      .describe('What a person must approve before the step starts.'),
    approvalNeedsReason: z.exactOptional(z.boolean()),
    heldAt: z.exactOptional(time).describe('When it came to its gate.'),
    approvedAt: z.exactOptional(time),
    approvalReason: z.exactOptional(z.string()),
    state: z.enum(['pending', 'running', 'waiting', 'done', 'failed', 'skipped', 'unchecked']),
    attempts: z.number(),
    failures: z.exactOptional(z.number()),
    startedAt: z.exactOptional(time),
    endedAt: z.exactOptional(time),
    output: z.exactOptional(z.unknown()),
    memo: z.record(z.string(), z.string()),
    notes: z.array(z.string()),
    error: z.exactOptional(failure),
  })
  .meta({ id: 'Step' }) satisfies z.ZodType<StepRecord>;

export const execution = z
  .object({
    id: z.string(),
    runbook: z.string(),
    runbookVersion: z.exactOptional(z.number()),
    group: z.string(),
    mode: executionMode,
    dryRun: z.boolean(),
    params: z.record(z.string(), z.unknown()),
    state: z.enum(['running', 'waiting', 'ended']),
    result: z.exactOptional(executionResult),
    declaredAt: time,
    retriedAt: z.exactOptional(time),
    endedAt: z.exactOptional(time),
    cancelRequested: z.boolean(),
    generation: z.number(),
    point: z.exactOptional(z.string()),
    rpoSeconds: z.exactOptional(z.number()),
    lacks: z
      .exactOptional(z.number())
      .describe('Resources of the group that could not be recovered.'),
    rpoObjectiveSeconds: z.number(),
    rtoSeconds: z.exactOptional(z.number()),
    rtoObjectiveSeconds: z.number(),
    steps: z.array(stepRecord),
    version: z.number(),
  })
  .meta({ id: 'Execution' }) satisfies z.ZodType<Execution>;

export const executionState = z
  .object({ execution, progress: z.record(z.string(), progressSnapshot) })
  .meta({ id: 'ExecutionState' });

export const idempotency = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'printable characters without spaces, at most 128')
    .optional()
    .describe(
      "The client's name for this request: sent again within a day it gets the same execution.",
    ),
});

export const auditRecord = z
  .object({
    id: z.string(),
    at: time,
    action: z.string().describe('`failover-unfenced`, `force-quorum`.'),
    subject: z.string(),
    reason: z.string(),
    details: z.record(z.string(), z.unknown()),
    site: z.string(),
  })
  .meta({ id: 'AuditRecord' }) satisfies z.ZodType<StoredAudit>;

export const executionOrder = z
  .strictObject({
    runbook: z.string(),
    group: z.string(),
    mode: executionMode.optional().describe("The runbook's own unless given."),
    params: z.record(z.string(), z.unknown()).default({}),
    dryRun: z.boolean().default(false),
  })
  .meta({ id: 'ExecutionOrder' });

export const approval = z
  .strictObject({ reason: approvalReason.optional() })
  .default({})
  .meta({ id: 'Approval' });

export const runbookInfo = z
  .object({
    name: z.string(),
    mode: z.string(),
    description: z.string(),
    params: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Runbook' });

const controllerInfo = z
  .object({
    id: z.string(),
    site: z.string(),
    region: z.string().nullable().describe('Null of a witness, which carries out nothing.'),
    startedAt: time,
    version: z.string(),
  })
  .meta({ id: 'Controller' });

export const clusterStatus = z
  .object({
    self: controllerInfo.nullable().describe('The one that answers; null while it has no lease.'),
    leader: controllerInfo.nullable().describe('The one that coordinates.'),
    controllers: z.array(controllerInfo),
    epoch: z.number().describe('Rises when a quorum was forced.'),
    quorum: z.boolean().describe('Whether a majority of the sites answers.'),
    staleSeconds: z.number(),
  })
  .meta({ id: 'Cluster' }) satisfies z.ZodType<ClusterStatus>;
