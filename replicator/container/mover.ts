import type { Ambient } from '../../kernel/ambient.ts';
import type {
  ContentCheck,
  Depth,
  EndedExecution,
  Mover,
  Obstacle,
  Previous,
  RegionContext,
  ResourceRef,
  Restored,
  RestoreOrder,
  RestorePlan,
  Scrubbed,
  SessionContext,
  TargetContext,
  Verification,
  Swept,
} from '../mover.ts';
import { nothingSwept } from '../mover.ts';
import { ByteBudget } from '../transfer/byte-budget.ts';
import { Readings } from '../transfer/reading.ts';
import { captureContainer } from './capture.ts';
import { CaptureSpool } from './catalog/spool.ts';
import { expireCopies } from './expire.ts';
import { checkContainer } from './restore/check.ts';
import type { RestoreDeps } from './restore/deps.ts';
import { containerObstacles } from './restore/obstacles.ts';
import { discardScratch, listScratch, sweepScratch } from './restore/scratch.ts';
import { restoreContainer } from './restore/restore-container.ts';
import { SessionShips } from './ship/session-ships.ts';
import { partsOf, type ContainerCapture, type ContainerCopy } from './types.ts';
import { scrubContainers } from './verify/scrub.ts';
import { verifyContainer } from './verify/verify-copy.ts';

export interface ContainerMoverDeps {
  readonly ambient: Ambient;
  /** A local directory for rows that wait; holds at most a few times the largest catalog. */
  readonly spoolDir: string;
}

/** Small objects are held whole on their way out of the bank: this much of them at once. */
const heldBytes = 32 * 1024 * 1024;

export function createContainerMover(
  deps: ContainerMoverDeps,
): Mover<ContainerCapture, ContainerCopy> {
  return new ContainerMover(deps);
}

/** Object containers: their bytes once in the bank, and a catalog for each point. */
class ContainerMover implements Mover<ContainerCapture, ContainerCopy> {
  readonly kind = 'container';
  readonly #deps: RestoreDeps;
  readonly #readings = new Readings();
  /** The newest session of each group. */
  readonly #ships = new Map<string, SessionShips>();

  constructor({ ambient, spoolDir }: ContainerMoverDeps) {
    this.#deps = { ambient, spoolDir, budget: new ByteBudget(heldBytes) };
  }

  async capture(resource: ResourceRef, session: SessionContext): Promise<ContainerCapture> {
    return await captureContainer(resource, session, this.#deps.ambient.clock);
  }

  async ship(
    capture: ContainerCapture,
    previous: Previous<ContainerCopy> | null,
    session: SessionContext,
  ): Promise<ContainerCopy> {
    let ships = this.#ships.get(session.group);
    if (ships?.sessionId !== session.sessionId) {
      ships = new SessionShips(session.sessionId, this.#deps.ambient);
      this.#ships.set(session.group, ships);
    }
    return await ships.ship(capture, previous, session);
  }

  async verify(copy: ContainerCopy, depth: Depth, at: TargetContext): Promise<Verification> {
    return await verifyContainer(copy, depth, at, this.#deps);
  }

  scrub(
    copies: readonly ContainerCopy[],
    after: string,
    at: TargetContext,
  ): AsyncIterable<Scrubbed<ContainerCopy>> {
    return scrubContainers(copies, after, at, { ...this.#deps, readings: this.#readings });
  }

  async obstacles(
    copies: readonly ContainerCopy[],
    order: RestorePlan,
    at: TargetContext,
  ): Promise<readonly Obstacle[]> {
    return await containerObstacles(copies, order, at);
  }

  async restore(copy: ContainerCopy, order: RestoreOrder, at: TargetContext): Promise<Restored> {
    return await restoreContainer(copy, order, at, this.#deps);
  }

  async check(
    copy: ContainerCopy,
    _restored: Restored,
    order: RestoreOrder,
    at: TargetContext,
  ): Promise<ContentCheck> {
    return await checkContainer(copy, order, at, this.#deps);
  }

  async discard(copy: ContainerCopy, order: RestoreOrder, at: TargetContext): Promise<void> {
    await discardScratch(copy, order, at, this.#deps.ambient);
  }

  async inventory(scratch: string, at: TargetContext): Promise<readonly string[]> {
    return await listScratch(scratch, at);
  }

  async expire(
    dropped: readonly ContainerCopy[],
    kept: readonly ContainerCopy[],
    at: TargetContext,
  ): Promise<void> {
    await expireCopies(dropped, kept, at, this.#deps);
  }

  async sweepExecution(ended: EndedExecution, at: RegionContext): Promise<Swept> {
    return await sweepScratch(ended, at, this.#deps.ambient);
  }

  /** Nothing is made in a primary: listings are spooled here. */
  sweep(): Promise<Swept> {
    return Promise.resolve(nothingSwept);
  }

  async tidy(copy: ContainerCopy, session: SessionContext): Promise<void> {
    for (const { container } of partsOf(copy))
      await new CaptureSpool(session.spoolDir, container).remove();
    if (this.#ships.get(session.group)?.sessionId === session.sessionId)
      this.#ships.delete(session.group);
  }
}
