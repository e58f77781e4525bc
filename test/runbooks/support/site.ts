import { isoTime, type Clock } from '../../../kernel/clock.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { noProgress } from '../../../kernel/progress.ts';
import type { Control, LostPrimary } from '../../../runbooks/control.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import {
  resourceKey,
  type ContentCheck,
  type Copy,
  type Finding,
  type Mover,
  type Movers,
  type Obstacle,
  type Restored,
  type ResourceKind,
  type ResourceRef,
  type RestoreOrder,
  type TargetContext,
} from '../../../replicator/mover.ts';
import { withChecks } from '../../../replicator/point/members.ts';
import type { PointManifest, RecoveryPoint } from '../../../replicator/point/types.ts';
import { copyOf } from '../../support/memory/copies.ts';

export const volume: ResourceRef = { kind: 'volume', id: 'v1', name: 'data' };
const image: ResourceRef = { kind: 'image', id: 'i1', name: 'base' };
export const container: ResourceRef = { kind: 'container', id: 'c1', name: 'c1' };

export function transient(code = 'region.unreachable'): FarshoreError {
  return new FarshoreError('no answer', { code, kind: 'transient', operation: 'call' });
}

export function permanent(code = 'region.refused'): FarshoreError {
  return new FarshoreError('it would not', { code, kind: 'permanent', operation: 'call' });
}

type Hook = (effect: string) => void;

/**
 * A group with its points and a secondary, in memory: what steps may ask of the controller. `log`
 * has a line for each call that took effect; `before` and `after` see each and may throw.
 */
export class Site implements Control {
  readonly log: string[] = [];
  /** Names of what was made in the secondary, with the resource each stands for. */
  readonly made = new Map<string, string>();
  /** How often something was made anew for a resource. */
  readonly creations = new Map<string, number>();
  readonly held: string[] = [];
  generation = 1;
  raisedBy: string | null = null;
  /** Members that came after the points. */
  readonly added: ResourceRef[] = [];
  allPoints: RecoveryPoint[] = [];
  /** Points in which a check finds all damaged, or `p1 volume/v1`: one copy of theirs. */
  readonly rotten = new Set<string>();
  /** Points in which a check finds one object of the container damaged, and no more of it. */
  readonly chipped = new Set<string>();
  /** Ids of points whose manifest is gone. */
  readonly lost = new Set<string>();
  /** What a check says beside its state. */
  isIncomplete = false;
  /** What restores were told is damaged. */
  readonly leftOut = new Set<string>();
  workMs = 1_000;
  verifyMs = 1_000;
  busy = 0;
  busiest = 0;
  sharedSwift = false;
  before: Hook | undefined;
  after: Hook | undefined;
  primary: (signal: AbortSignal) => Promise<ProjectScope> = () => Promise.reject(transient());
  checked: (resource: string) => ContentCheck['state'] = () => 'verified';
  /** What stands in the way of restoring copies of one kind. */
  obstacles: (copies: readonly Copy[]) => readonly Obstacle[] = () => [];
  readonly movers: Movers;
  readonly #clock: Clock;
  #members: readonly ResourceRef[] = [volume, image, container];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.movers = {
      volume: this.#mover('volume'),
      image: this.#mover('image'),
      container: this.#mover('container'),
    };
    this.addPoint('p1', 30);
  }

  get members(): readonly ResourceRef[] {
    return this.#members;
  }

  /** Of all its points too: a group whose members changed has points of its own. */
  set members(members: readonly ResourceRef[]) {
    this.#members = members;
    this.allPoints = this.allPoints.map((point) => ({
      ...point,
      members: membersOf(members, point.state, point.dataTime),
    }));
  }

  /** A proven point of so many minutes ago. */
  addPoint(id: string, minutesAgo: number, state: RecoveryPoint['state'] = 'proven'): void {
    const at = isoTime(this.#clock.now() - minutesAgo * 60_000);
    this.allPoints.push({
      id,
      group: 'shop',
      generation: 1,
      sequence: Date.parse(at),
      state,
      region: 'west',
      sourceRegion: 'east',
      cutStart: at,
      cutEnd: at,
      dataTime: at,
      committedAt: at,
      manifest: { object: id, sha256: id },
      members: membersOf(this.#members, state, at),
      formats: [],
      resources: 3,
      objects: 3,
      bytes: 12,
      checked: { serial: 0, at, depth: 'listing', damaged: 0, findings: [] },
    });
  }

  group() {
    const rates = { rpoSeconds: 3600, rtoSeconds: 600 };
    const { generation } = this;
    const isRaised = generation > 1;
    return Promise.resolve({
      name: 'shop',
      generation,
      primary: isRaised ? 'west' : 'east',
      secondary: isRaised ? 'east' : 'west',
      restoreRegion: 'west',
      ...(this.raisedBy === null ? {} : { failedOverBy: this.raisedBy }),
      ...rates,
    });
  }

  raiseGeneration(_group: string, executionId: string) {
    return this.effect('raise', () => {
      if (this.raisedBy !== null && this.raisedBy !== executionId)
        throw permanent('group.failed-over');
      if (this.raisedBy === null) this.generation += 1;
      this.raisedBy = executionId;
      return { generation: this.generation, lostPrimary: 'east', primary: 'west' };
    });
  }

  async lostPrimary(_group: string, region: string, signal: AbortSignal): Promise<LostPrimary> {
    this.log.push(`primary ${region}`);
    const { sharedSwift } = this;
    return { source: await this.primary(signal), sharedSwift };
  }

  resources() {
    return Promise.resolve([...this.members, ...this.added]);
  }

  points() {
    return Promise.resolve(this.allPoints);
  }

  async verifyPoint(
    _group: string,
    id: string,
    depth: 'listing' | 'content',
    _progress: unknown,
    signal: AbortSignal,
    only?: ReadonlySet<string>,
  ): Promise<RecoveryPoint> {
    await this.#clock.sleep(this.verifyMs, signal);
    return this.effect(`verify ${id} ${depth}`, () => {
      const at = this.allPoints.findIndex((point) => point.id === id);
      const before = this.allPoints[at]!;
      const checks = new Map(
        before.members
          .map(({ resource }) => resourceKey(resource))
          .filter((key) => only?.has(key) !== false)
          .map((key) => {
            const isRotten = this.rotten.has(id) || this.rotten.has(`${id} ${key}`);
            const isChipped = this.chipped.has(id) && key.startsWith('container/');
            const finding = { resource: key, subject: 'bank/x', problem: 'missing', detail: '-' };
            const stored = isChipped ? { subject: 'c1/o7', stored: 'ab/abcd' } : {};
            const findings = isRotten || isChipped ? [{ ...finding, ...stored } as Finding] : [];
            return [key, { findings, damaged: findings.length }] as const;
          }),
      );
      const point = withChecks(before, checks, depth, '2026-11-21T08:00:00Z');
      this.allPoints[at] = point;
      return point;
    });
  }

  recordDamage(_group: string, id: string, finding: Finding): Promise<void> {
    return this.effect(`damage ${id} ${finding.resource}`, () => {
      const at = this.allPoints.findIndex((point) => point.id === id);
      const checks = new Map([[finding.resource, { findings: [finding], damaged: 1 }]]);
      this.allPoints[at] = withChecks(this.allPoints[at]!, checks, 'content', finding.detail);
    });
  }

  manifest(_group: string, id: string): Promise<PointManifest> {
    return this.effect(`manifest ${id}`, () => {
      if (this.lost.has(id)) throw permanent('point.manifest-missing');
      const { generation, sourceRegion, region, cutStart, cutEnd, dataTime } = this.allPoints.find(
        (point) => point.id === id,
      )!;
      const copies = this.members.map((each) => copyOf(each, `${id} content`, dataTime));
      const times = { cutStart, cutEnd, dataTime };
      const base = {
        format: 2 as const,
        installation: 'test',
        id,
        group: 'shop',
        generation,
        sessionId: 's',
      };
      return { ...base, sourceRegion, region, ...times, previous: null, copies, lacks: [] };
    });
  }

  target: Control['target'] = (group, progress: unknown, signal) => {
    const bank = { container: 'bank' };
    return Promise.resolve({ group, bank, progress: progress ?? noProgress, signal } as never);
  };

  holdPoint(_group: string, point: string): Promise<void> {
    this.held.push(point);
    return Promise.resolve();
  }

  async effect<T>(line: string, apply: () => T): Promise<T> {
    await Promise.resolve();
    this.before?.(line);
    const result = apply();
    this.log.push(line);
    this.after?.(line);
    return result;
  }

  #mover(kind: ResourceKind): Mover {
    const unused = (): never => {
      throw new Error('runbooks do not replicate');
    };
    return {
      kind,
      capture: unused,
      ship: unused,
      verify: unused,
      scrub: unused,
      expire: unused,
      tidy: unused,
      sweep: unused,
      sweepExecution: unused,
      obstacles: (copies) => Promise.resolve(this.obstacles(copies)),
      restore: (copy, order, at) => this.#restore(copy, order, at),
      check: (copy, _restored, order, at) => this.#check(copy, order, at),
      discard: (copy, order) => this.#discard(copy, order),
      inventory: (scratch) =>
        this.effect(`inventory ${kind}`, () =>
          [...this.made]
            .filter(([name, of]) => name.startsWith(scratch) && of.startsWith(kind))
            .map(([name]) => name),
        ),
    };
  }

  async #restore(copy: Copy, order: RestoreOrder, at: TargetContext): Promise<Restored> {
    const key = resourceKey(copy.resource);
    const { mode, scratch, memo, damaged = new Set() } = order;
    for (const stored of damaged) this.leftOut.add(stored);
    // As Cinder does it: the id is new each time, so that only the memo tells what was made.
    let name = memo.get('name');
    if (name === undefined || !this.made.has(name)) {
      const own = `${copy.resource.name} ${this.creations.get(key) ?? 0}`;
      name ??= mode === 'drill' ? `${scratch}-${own}` : own;
      await memo.set('name', name);
      const fixed = name;
      await this.effect(`create ${key}`, () => {
        this.made.set(fixed, key);
        this.creations.set(key, (this.creations.get(key) ?? 0) + 1);
      });
    }
    await this.#work(at.signal);
    const { resource, bytes } = copy;
    const restored = { resource, id: name, name, bytes, notes: [`took ${name}`] };
    return this.effect(`restore ${key}`, () => restored);
  }

  async #check(copy: Copy, order: RestoreOrder, at: TargetContext): Promise<ContentCheck> {
    const key = resourceKey(copy.resource);
    await this.#work(at.signal);
    if (order.memo.get('name') === undefined) throw new Error('the restore is forgotten');
    return this.effect(`check ${key}`, () => {
      const state = this.checked(key);
      const isIncomplete = this.isIncomplete && state !== 'verified';
      return { state, bytes: copy.bytes, detail: `it is ${state}`, isIncomplete };
    });
  }

  #discard(copy: Copy, order: RestoreOrder): Promise<void> {
    return this.effect(`discard ${resourceKey(copy.resource)}`, () => {
      const name = order.memo.get('name');
      if (name !== undefined) this.made.delete(name);
    });
  }

  async #work(signal: AbortSignal): Promise<void> {
    this.busy += 1;
    this.busiest = Math.max(this.busiest, this.busy);
    try {
      await this.#clock.sleep(this.workMs, signal);
    } finally {
      this.busy -= 1;
    }
  }
}

function membersOf(
  members: readonly ResourceRef[],
  point: RecoveryPoint['state'],
  dataTime: string,
): RecoveryPoint['members'] {
  const state = point === 'damaged' ? 'damaged' : 'proven';
  const damaged = state === 'damaged' ? 1 : 0;
  return members.map((resource) => ({ resource, state, dataTime, damaged, problem: null }));
}
