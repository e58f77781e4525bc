import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { Previous, SessionContext } from '../../mover.ts';
import { captureContainer } from '../capture.ts';
import { isLostCatalog } from '../catalog/lost.ts';
import { catalogRows } from '../catalog/row.ts';
import { CaptureSpool } from '../catalog/spool.ts';
import { mirrorName, secretHeader } from '../naming.ts';
import type { ContainerCapture, ContainerCopy, MirrorCopy } from '../types.ts';
import { Tally, type ShipContext } from './context.ts';
import { ensureMirror } from './mirror.ts';
import { shipContainer, type Shipped } from './ship-container.ts';

/** From so many findings on the list may be cut short, and nothing of the copy before is trusted. */
const findingsKept = 1_000;

interface Done extends Shipped {
  readonly copy: MirrorCopy;
  readonly notes: readonly string[];
}

/**
 * The containers of one session, each shipped once, whether as a member of the group or for the
 * segments of another. One after the other: each has many objects under way, and two that refer to
 * each other cannot wait for each other.
 */
export class SessionShips {
  readonly sessionId: string;
  readonly #ambient: Ambient;
  readonly #done = new Map<string, Done>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(sessionId: string, ambient: Ambient) {
    this.sessionId = sessionId;
    this.#ambient = ambient;
  }

  async ship(
    capture: ContainerCapture,
    previous: Previous<ContainerCopy> | null,
    session: SessionContext,
  ): Promise<ContainerCopy> {
    const turn = this.#tail.then(async () => {
      session.signal.throwIfAborted();
      await this.#shipOne(capture.resource.id, previous, session, new Set());
    });
    this.#tail = turn.catch(() => undefined);
    await turn;
    return this.#copyOf(capture);
  }

  async #shipOne(
    container: string,
    previous: Previous<ContainerCopy> | null,
    session: SessionContext,
    under: ReadonlySet<string>,
  ): Promise<void> {
    if (this.#done.has(container) || under.has(container)) return;
    const resource = { kind: 'container', id: container, name: container } as const;
    const capture = await captureContainer(resource, session, this.#ambient.clock);
    const mirrorOf = (name: string) => mirrorName(name, session.group, session.sharedSwift);
    const mirror = mirrorOf(container);
    const tally = new Tally();
    const ctx: ShipContext = {
      ambient: this.#ambient,
      session,
      container,
      mirror,
      mirrorOf,
      tally,
    };
    const isNew = await this.#prepare(mirror, container, session);
    const before = isNew ? null : await usable(previousOf(container, mirror, previous), session);
    const damage = previous?.damage ?? [];
    const subjects = new Set(damage.map(({ subject }) => subject));
    const isAllDamaged = damage.length >= findingsKept;
    const within = new Set([...under, container]);
    const shipped = await shipContainer({
      ctx,
      listing: () => new CaptureSpool(session.spoolDir, container).listing(),
      previous: before,
      isDamaged: (name) => isAllDamaged || subjects.has(`${container}/${name}`),
      isReconciling: session.isResumed || before === null || damage.length > 0,
      shipSegments: async (containers) => {
        for (const name of containers)
          await this.#shipOne(name, previous, session, within).catch(ignoreMissing);
      },
    });
    const copy = { container, headers: capture.headers, mirror, catalog: shipped.catalog };
    this.#done.set(container, { ...shipped, copy, notes: tally.notes(container) });
  }

  /** True when the mirror holds nothing yet. */
  async #prepare(mirror: string, container: string, session: SessionContext): Promise<boolean> {
    const { source, target, signal } = session;
    const found = await ensureMirror(mirror, session);
    if (!session.sharedSwift) {
      const from = await source.objectStore.headContainer(container, signal);
      const changed = Object.entries(from?.headers ?? {}).filter(
        ([name, value]) => secretHeader.test(name) && found.headers[name] !== value,
      );
      if (changed.length > 0)
        await target.objectStore.postContainer(mirror, Object.fromEntries(changed), signal);
    }
    return found.isNew;
  }

  #copyOf(capture: ContainerCapture): ContainerCopy {
    const own = this.#needed(capture.resource.id);
    const all = this.#closure(own);
    const sum = (of: (done: Done) => number) => all.reduce((total, done) => total + of(done), 0);
    return {
      kind: 'container',
      format: 1,
      resource: capture.resource,
      dataTime: capture.dataTime,
      consistency: 'listing',
      objects: sum((done) => done.objects),
      bytes: sum((done) => done.bytes),
      ...own.copy,
      segments: all.filter((done) => done !== own).map((done) => done.copy),
      notes: all.flatMap((done) => done.notes),
    };
  }

  #closure(own: Done): readonly Done[] {
    const all = new Set([own]);
    for (const done of all)
      for (const name of done.segments) {
        const needed = this.#done.get(name);
        if (needed !== undefined) all.add(needed);
      }
    return [...all];
  }

  #needed(container: string): Done {
    const done = this.#done.get(container);
    if (done !== undefined) return done;
    throw new FarshoreError('the container was not shipped', {
      code: 'container.not-shipped',
      kind: 'fatal',
      operation: 'ship container',
      subject: container,
    });
  }
}

/** Segments that the source does not have are found missing when the manifest is placed. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof FarshoreError) || error.code !== 'container.not-found') throw error;
}

function previousOf(
  container: string,
  mirror: string,
  previous: Previous<ContainerCopy> | null,
): MirrorCopy | null {
  if (previous === null) return null;
  const all: readonly MirrorCopy[] = [previous.copy, ...previous.copy.segments];
  return all.find((copy) => copy.container === container && copy.mirror === mirror) ?? null;
}

/** A catalog that the bank lost or holds damaged is done without: the mirror itself is looked at. */
async function usable(
  previous: MirrorCopy | null,
  session: SessionContext,
): Promise<MirrorCopy | null> {
  if (previous === null) return null;
  try {
    // The bank compares the hash before it gives the first row.
    const rows = catalogRows(session.bank.readCatalog(previous.catalog, session.signal));
    await rows.next();
    await rows.return(undefined);
    return previous;
  } catch (error) {
    if (!isLostCatalog(error)) throw error;
    return null;
  }
}
