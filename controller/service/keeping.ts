import { isoTime } from '../../kernel/clock.ts';
import type { Ambient } from '../../kernel/ambient.ts';
import { decideRetention } from '../../replicator/retention/decide.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import type { Reads } from '../mirror/reads.ts';
import type { ProtectionPolicy } from '../model/types.ts';
import { auditEntry } from '../state/audit.ts';
import { releaseResource } from '../state/changes.ts';
import { exemptionsOf, heldBy } from '../state/exemptions.ts';
import { readGroup } from '../state/groups.ts';
import { holdForOperator } from '../state/holds.ts';
import { keys } from '../state/keys.ts';
import type { AuditRecord } from '../state/records.ts';
import type { ReadOptions, Store } from '../store/store.ts';

/** A point, and why retention keeps it: nothing means that the next session lets it go. */
export interface ListedPoint extends RecoveryPoint {
  readonly kept: readonly string[];
}

export interface KeepingDeps {
  readonly store: Store;
  readonly reads: Reads;
  readonly ambient: Ambient;
  readonly site: string;
}

/** What operators say about what is kept; each order is audited in the transaction that carries it out. */
export class Keeping {
  readonly #deps: KeepingDeps;

  constructor(deps: KeepingDeps) {
    this.#deps = deps;
  }

  async holdPoint(group: string, point: string, reason: string): Promise<void> {
    const { store } = this.#deps;
    await readGroup(store, group);
    const { record, id } = this.#audit('point-held', `${group}/${point}`, reason);
    const hold = { reason, at: record.at };
    await holdForOperator(store, group, point, hold, auditEntry(record, id));
  }

  async releasePoint(group: string, point: string, reason: string): Promise<void> {
    const { store } = this.#deps;
    await readGroup(store, group);
    const { record, id } = this.#audit('point-released', `${group}/${point}`, reason);
    await holdForOperator(store, group, point, null, auditEntry(record, id));
  }

  async releaseResource(group: string, resource: string, reason: string): Promise<void> {
    const { record, id } = this.#audit('resource-released', `${group}/${resource}`, reason);
    await releaseResource(group, resource, { audit: record, id }, this.#deps.store);
  }

  /** Given newest first. */
  async withReasons(
    group: string,
    points: readonly RecoveryPoint[],
    policy: ProtectionPolicy,
    read?: ReadOptions,
  ): Promise<readonly ListedPoint[]> {
    const { reads, ambient } = this.#deps;
    const prefix = keys.holds(group);
    const changes = (await reads.get(keys.changes(group), read))?.value.changes ?? [];
    const nowMs = ambient.clock.now();
    const { graceSeconds } = policy.changes;
    const held = heldBy(prefix, await reads.range(prefix, read));
    const exemptions = exemptionsOf(changes, held, { nowMs, graceSeconds });
    const { keep } = decideRetention(points, policy.retention, nowMs, exemptions);
    const reasons = new Map(keep.map((each) => [each.point.id, each.reasons]));
    return points.map((point) => ({ ...point, kept: reasons.get(point.id) ?? [] }));
  }

  #audit(
    action: string,
    subject: string,
    reason: string,
  ): { readonly record: AuditRecord; readonly id: string } {
    const { ambient, site } = this.#deps;
    const at = isoTime(ambient.clock.now());
    return { record: { at, action, subject, reason, details: {}, site }, id: ambient.random.id() };
  }
}
