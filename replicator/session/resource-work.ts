import { isoTime, type Clock } from '../../kernel/clock.ts';
import type { Log } from '../../kernel/log.ts';
import type { Bank } from '../bank/bank.ts';
import {
  moverOf,
  resourceKey,
  type Capture,
  type Copy,
  type Depth,
  type Movers,
} from '../mover.ts';
import type { Previous, ResourceRef, SessionContext, Verification } from '../mover.ts';
import { recordChecks, recordOfCopies, type Checked } from '../point/record-checks.ts';
import { isCatalogDamage, verifyCopy } from '../point/verify-copy.ts';
import { depthOf, isUnchanged, previousOf, type Baseline } from './baseline.ts';
import type { Ledger } from './ledger.ts';
import type { Session } from './types.ts';

export interface ResourceWorkDeps {
  readonly movers: Movers;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  readonly baseline: Baseline | null;
  readonly contextOf: (resource: ResourceRef, signal: AbortSignal) => SessionContext;
}

/** What a session does with one resource; each call may be repeated after a crash. */
export class ResourceWork {
  readonly #deps: ResourceWorkDeps;

  constructor(deps: ResourceWorkDeps) {
    this.#deps = deps;
  }

  async capture(resource: ResourceRef, signal: AbortSignal): Promise<Capture> {
    const { movers, contextOf } = this.#deps;
    return await moverOf(movers, resource.kind).capture(resource, contextOf(resource, signal));
  }

  /**
   * What to ship against: what an earlier session shipped and did not bring into a point, else the
   * newest point's copy, with what is known of it by now.
   */
  previousOf(session: Session, resource: ResourceRef): Previous | null {
    const { baseline } = this.#deps;
    const key = resourceKey(resource);
    const carried = session.carried?.[key];
    if (carried !== undefined && !isUnchanged(baseline, carried.copy)) return carried;
    return previousOf(baseline, key);
  }

  async ship(capture: Capture, previous: Previous | null, signal: AbortSignal): Promise<Copy> {
    const { movers, contextOf, log } = this.#deps;
    const mover = moverOf(movers, capture.kind);
    const context = contextOf(capture.resource, signal);
    try {
      return await mover.ship(capture, previous, context);
    } catch (error) {
      if (previous === null || !isCatalogDamage(error)) throw error;
      // Nobody can say what the previous copy holds: go by what the secondary itself shows.
      const resource = resourceKey(capture.resource);
      log.warn('catalog of the previous copy is damaged, shipping without it', { resource, error });
      return await mover.ship(capture, null, context);
    }
  }

  /** `depth` null: as deep as what is known of the newest point leaves open. */
  async verify(copy: Copy, depth: Depth | null, signal: AbortSignal): Promise<Verification> {
    const { movers, baseline, contextOf } = this.#deps;
    const context = contextOf(copy.resource, signal);
    return await verifyCopy(movers, copy, depth ?? depthOf(baseline, copy), context);
  }

  /**
   * Damage that this session found is damage of every point that shares what is stored: said there before
   * it is repaired, so that no one restores from it meanwhile. In a copy that it took over unchanged from
   * the newest point that is all of it; in others, what the findings name.
   */
  async recordInherited(session: Session, bank: Bank, signal: AbortSignal): Promise<void> {
    const { baseline, ledger, clock, log } = this.#deps;
    const damaged = Object.values(session.copies).filter((copy) => {
      const check = session.verifications[resourceKey(copy.resource)];
      return check !== undefined && check.damaged > 0;
    });
    const found = (copies: readonly Copy[]): Checked => {
      const checks = new Map<string, Verification>();
      for (const { resource } of copies) {
        const check = session.verifications[resourceKey(resource)];
        if (check !== undefined) checks.set(resourceKey(resource), check);
      }
      const depths = [...checks.values()].map(({ depth }) => depth);
      const depth = depths.includes('listing') ? 'listing' : 'content';
      return { checks, depth, at: isoTime(clock.now()) };
    };
    const deps = { ledger, bank, log, signal };
    const inherited = damaged.filter((copy) => isUnchanged(baseline, copy));
    const points = await ledger.points(session.group);
    const head = points.find(({ id }) => id === baseline?.point.id);
    if (inherited.length > 0 && head !== undefined && head.state !== 'expiring')
      await recordChecks(head, found(inherited), deps);
    const changed = damaged.filter((copy) => !inherited.includes(copy));
    const { group, targetRegion: region, pointId: id } = session;
    if (changed.length > 0)
      await recordOfCopies(changed, { group, region, id }, found(changed), deps);
  }

  /** True when the source was tidied; what was not is tried again by the next session. */
  async tidy(copy: Copy, signal: AbortSignal): Promise<boolean> {
    const { movers, contextOf, log } = this.#deps;
    try {
      await moverOf(movers, copy.kind).tidy(copy, contextOf(copy.resource, signal));
      return true;
    } catch (error) {
      signal.throwIfAborted();
      log.warn('source not tidied up', { resource: resourceKey(copy.resource), error });
      return false;
    }
  }
}
