import type { Ambient } from '../../../kernel/ambient.ts';
import { StoredObjects } from '../../bank/stored-objects.ts';
import type { Previous, SessionContext } from '../../mover.ts';
import { ByteBudget } from '../../transfer/byte-budget.ts';
import { Pace } from '../../transfer/pace.ts';
import type { ContainerCapture, ContainerCopy } from '../types.ts';
import { ContentIndex } from './content-index.ts';
import { shipContainer, type SessionParts } from './ship-container.ts';
import { writtenSince } from './written-since.ts';

/** Small objects are held whole on their way: this much of them at once. */
const heldBytes = 32 * 1024 * 1024;

/**
 * The containers of one session, one after the other: each has many objects under way, and what one
 * reads for the references of its own the next finds in the bank.
 */
export class SessionShips {
  readonly sessionId: string;
  readonly #ambient: Ambient;
  readonly #parts: SessionParts;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(sessionId: string, ambient: Ambient) {
    this.sessionId = sessionId;
    this.#ambient = ambient;
    this.#parts = {
      pace: new Pace(ambient.clock),
      budget: new ByteBudget(heldBytes),
      contents: new ContentIndex(),
      made: new Map(),
    };
  }

  async ship(
    capture: ContainerCapture,
    previous: Previous<ContainerCopy> | null,
    session: SessionContext,
  ): Promise<ContainerCopy> {
    const turn = this.#tail.then(async () => {
      session.signal.throwIfAborted();
      const stored = new StoredObjects(session.bank, session.group);
      const since = await writtenSince(stored, session, this.#ambient);
      const deps = { ambient: this.#ambient, stored, since, parts: this.#parts };
      return await shipContainer(capture, previous, session, deps);
    });
    this.#tail = turn.catch(() => undefined);
    return await turn;
  }
}
