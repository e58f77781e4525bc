import { isoTime, type Clock } from '../../../kernel/clock.ts';
import {
  resourceKey,
  type Capture,
  type Copy,
  type Depth,
  type Finding,
} from '../../../replicator/mover.ts';
import type {
  Mover,
  Movers,
  Previous,
  ResourceKind,
  ResourceRef,
} from '../../../replicator/mover.ts';
import type {
  Scrubbed,
  SessionContext,
  TargetContext,
  Verification,
} from '../../../replicator/mover.ts';
import { copyOf, dataName, dataNames } from './copies.ts';

export type Stored = 'whole' | 'altered';

/**
 * Two regions in memory and movers that keep the contract in them. `log` has a line for each effect
 * that took place; `before` and `after` see each effect first and last and may throw.
 */
export class MemoryWorld {
  /** Content of each resource in the source, by resourceKey. */
  readonly source = new Map<string, string>();
  /** Data in the secondary, by `dataName`. */
  readonly secondary = new Map<string, Stored>();
  readonly log: string[] = [];
  readonly contexts: SessionContext[] = [];
  movedBytes = 0;
  before: ((effect: string) => void) | undefined;
  after: ((effect: string) => void) | undefined;
  readonly movers: Movers;
  readonly #clock: Clock;
  /** What a session cut: kept like a snapshot, so that a repeated capture finds the same. */
  readonly #cuts = new Map<string, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.movers = {
      volume: this.#mover('volume'),
      image: this.#mover('image'),
      container: this.#mover('container'),
    };
  }

  #mover(kind: ResourceKind): Mover {
    const unused = (): never => {
      throw new Error('sessions and points do not restore');
    };
    return {
      kind,
      capture: (resource, session) => this.#capture(resource, session),
      ship: (capture, previous, session) => this.#ship(capture, previous, session),
      verify: (copy, depth) => this.#verify(copy, depth),
      scrub: (copies, after, at) => this.#scrub(kind, copies, after, at),
      expire: (dropped, kept) => this.#expire(kind, dropped, kept),
      tidy: (copy) => this.#effect(`tidy ${resourceKey(copy.resource)}`, () => undefined),
      obstacles: unused,
      restore: unused,
      check: unused,
      discard: unused,
      inventory: unused,
      sweep: unused,
      sweepExecution: unused,
    };
  }

  async #capture(resource: ResourceRef, session: SessionContext): Promise<Capture> {
    const cut = `${session.sessionId} ${resourceKey(resource)}`;
    const dataTime = isoTime(this.#clock.now());
    return await this.#effect(`capture ${resourceKey(resource)}`, () => {
      const known = this.#cuts.get(cut);
      const content = known ?? `${dataTime}|${this.source.get(resourceKey(resource)) ?? ''}`;
      this.#cuts.set(cut, content);
      const cutAt = content.slice(0, content.indexOf('|'));
      return { kind: resource.kind, resource, dataTime: cutAt, spool: cut } as unknown as Capture;
    });
  }

  async #ship(capture: Capture, previous: Previous | null, session: SessionContext): Promise<Copy> {
    this.contexts.push(session);
    const { resource } = capture;
    const cut = this.#cuts.get(`${session.sessionId} ${resourceKey(resource)}`);
    if (cut === undefined) throw new Error('shipped without a capture');
    const content = cut.slice(cut.indexOf('|') + 1);
    const before = previous?.copy ?? null;
    const damaged = new Set(previous?.damage.map(({ subject }) => subject));
    const trusted = new Set(before === null ? [] : dataNames(before));
    const copy = copyOf(resource, content, capture.dataTime, before);
    const line = `ship ${resourceKey(resource)}`;
    for (const name of dataNames(copy)) {
      // Taken over from the previous copy unasked, like a mover that compares catalogs; what is named
      // as damaged is looked at, since a run that was killed may have repaired it.
      if (trusted.has(name) && !damaged.has(name)) continue;
      if (this.secondary.get(name) === 'whole') continue;
      await this.#effect(`${line} ${name.slice(0, 8)}`, () => {
        this.secondary.set(name, 'whole');
        this.movedBytes += content.length;
        session.progress.moved({ bytes: content.length, objects: 1 });
      });
    }
    return await this.#effect(line, () => copy);
  }

  async #verify(copy: Copy, depth: Depth): Promise<Verification> {
    const resource = resourceKey(copy.resource);
    return await this.#effect(`verify ${resource} ${depth}`, () => {
      const findings = dataNames(copy).flatMap((subject): Finding[] => {
        const stored = this.secondary.get(subject);
        if (stored === undefined) return [{ resource, subject, problem: 'missing', detail: '-' }];
        if (stored === 'whole' || depth === 'listing') return [];
        return [{ resource, subject, problem: 'altered', detail: '-' }];
      });
      const { objects, bytes } = copy;
      return { depth, objects, bytes, findings, damaged: findings.length };
    });
  }

  async *#scrub(
    kind: ResourceKind,
    copies: readonly Copy[],
    after: string,
    { signal }: TargetContext,
  ): AsyncGenerator<Scrubbed> {
    const names = new Set(copies.flatMap(dataNames));
    for (const name of [...names].filter((each) => each > after).toSorted()) {
      signal.throwIfAborted();
      const stored = await this.#effect(`scrub ${kind} ${name}`, () => this.secondary.get(name));
      const problem = stored === undefined ? 'missing' : 'altered';
      const having = copies.filter((copy) => dataNames(copy).includes(name));
      const damage = having.map((copy) => {
        const resource = resourceKey(copy.resource);
        return {
          copy,
          findings: [{ resource, subject: name, problem, detail: '-' }],
          damaged: 1,
        } as const;
      });
      yield { upTo: name, damage: stored === 'whole' ? [] : damage };
    }
  }

  async #expire(
    kind: ResourceKind,
    dropped: readonly Copy[],
    kept: readonly Copy[],
  ): Promise<void> {
    const needed = new Set(kept.flatMap(dataNames));
    await this.#effect(`expire ${kind}`, () => {
      for (const name of dropped.flatMap(dataNames))
        if (!needed.has(name)) this.secondary.delete(name);
    });
  }

  async #effect<T>(line: string, apply: () => T): Promise<T> {
    await Promise.resolve();
    this.before?.(line);
    const result = apply();
    this.log.push(line);
    this.after?.(line);
    return result;
  }
}

/** What `copyOf` names the data of a resource as the source holds it now. */
export function currentData(world: MemoryWorld, resource: ResourceRef): string {
  return dataName(resource, world.source.get(resourceKey(resource)) ?? '');
}
