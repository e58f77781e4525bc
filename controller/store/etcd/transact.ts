import { FarshoreError } from '../../../kernel/errors.ts';
import type { Random } from '../../../kernel/random.ts';
import { checkTransaction } from '../check-transaction.ts';
import { leaseLost } from '../store-errors.ts';
import type { Compare, Operation, Outcome } from '../store.ts';
import type { Attempt, Caller } from './caller.ts';
import { RpcFailure, verdictOn } from './failures.ts';
import type { Guards, Slot } from './guards.ts';
import { encodeValue, type Layout } from './layout.ts';
import type { CompareRequest, KeyValue, OperationRequest, TxnRequest } from './messages.ts';
import { methods } from './methods.ts';

export interface TransactDeps {
  readonly caller: Pick<Caller, 'run' | 'call'>;
  readonly layout: Layout;
  readonly guards: Guards;
  readonly random: Random;
  /** True as long as a majority answered lately. */
  readonly hasQuorum: () => boolean;
  /** True for a lease of this process that has ended. */
  readonly isLost: (lease: string) => boolean;
}

/** Nothing was sent that could still happen, and the slots are gone: again with others. */
class GuardLost extends Error {
  readonly reason: FarshoreError;

  constructor(reason: FarshoreError) {
    super();
    this.reason = reason;
  }
}

const plan = { consistency: 'linearizable', operation: 'write state' } as const;
const maxTries = 3;

/**
 * Transactions that happen at most once, however often they had to be sent.
 *
 * Each has a slot to itself: a key of which it knows the revision. What is sent compares that
 * revision besides what was asked for, and puts `yes <id>` into the slot with the rest: of all copies
 * that may arrive, now or late, only one can find the slot as it was. When a copy finds it changed,
 * the slot says what became of the others. When a copy finds the slot as it was and something else
 * changed, and others may be under way, it closes the slot to them with `no <id>`: otherwise a late
 * one could still happen after the answer was that it did not.
 *
 * Killed at any time: a copy that was sent happens or not, whole; nobody waits for the answer. The
 * slot goes with its lease.
 */
export class Transactions {
  readonly #deps: TransactDeps;

  constructor(deps: TransactDeps) {
    this.#deps = deps;
  }

  async transact(compares: readonly Compare[], operations: readonly Operation[]): Promise<Outcome> {
    checkTransaction(operations);
    if (operations.length === 0) return this.#check(compares);
    for (const operation of operations)
      if (operation.type === 'put' && operation.lease !== undefined)
        if (this.#deps.isLost(operation.lease)) throw leaseLost(operation.lease);
    const wanted = {
      compares: compares.map((compare) => this.#compare(compare)),
      operations: operations.map((operation) => this.#operation(operation)),
    };
    return this.#guarded(wanted, sizeOf(wanted));
  }

  async #guarded(wanted: Wanted, size: string): Promise<Outcome> {
    const { guards, caller, random, hasQuorum } = this.#deps;
    for (let tries = 1; ; tries++) {
      const outcome = await guards.with(async (slot) => {
        try {
          return await new Sending(slot, random.id(), wanted, hasQuorum).settled(caller, size);
        } catch (error) {
          if (!(error instanceof GuardLost)) throw error;
          await guards.leave(slot.lease);
          if (tries === maxTries) throw error.reason;
          return undefined;
        }
      });
      if (outcome !== undefined) return outcome;
    }
  }

  /** Compares alone change nothing: they need no guard. */
  async #check(compares: readonly Compare[]): Promise<Outcome> {
    const request = {
      compare: compares.map((compare) => this.#compare(compare)),
      success: [],
      failure: [],
    };
    const answer = await this.#deps.caller.call(methods.txn, request, plan);
    if (!answer.succeeded) return { committed: false };
    return { committed: true, revision: Number(answer.header?.revision) };
  }

  #compare({ path, modRevision }: Compare): CompareRequest {
    return isAt(this.#deps.layout.key(path), modRevision);
  }

  #operation(operation: Operation): OperationRequest {
    const key = this.#deps.layout.key(operation.path);
    if (operation.type === 'delete') return { delete: { key } };
    const { value, lease } = operation;
    return {
      put: { key, value: encodeValue(value), ...(lease === undefined ? {} : { lease }) },
    };
  }
}

interface Wanted {
  readonly compares: readonly CompareRequest[];
  readonly operations: readonly OperationRequest[];
}

/** One transaction over one slot, from its first copy until its outcome is known. */
class Sending {
  readonly #slot: Slot;
  readonly #id: string;
  readonly #wanted: Wanted;
  readonly #hasQuorum: () => boolean;

  constructor(slot: Slot, id: string, wanted: Wanted, hasQuorum: () => boolean) {
    this.#slot = slot;
    this.#id = id;
    this.#wanted = wanted;
    this.#hasQuorum = hasQuorum;
  }

  /**
   * Throws GuardLost; `store.outcome-unknown`, and then the slot is open; anything else where no
   * copy happened or can happen.
   */
  async settled(caller: TransactDeps['caller'], size: string): Promise<Outcome> {
    const subject = size;
    try {
      return await caller.run({ ...plan, subject }, (attempt) => this.#send(attempt));
    } catch (error) {
      if (!(error instanceof FarshoreError)) throw error;
      const wasOpen = this.#slot.isOpen;
      if (error.code === 'store.outcome-unknown') throw error;
      if (error.code === 'store.unavailable' || error.code === 'store.closed')
        throw wasOpen ? outcomeUnknown(error) : error;
      if (!wasOpen && error.code !== 'store.lease-lost') throw error;
      return await this.#close(caller, error, wasOpen);
    }
  }

  async #send(attempt: Attempt): Promise<Outcome> {
    // Without a majority nothing is sent: so that it is known that nothing can happen.
    if (!this.#slot.isOpen && !this.#hasQuorum())
      await attempt.call(methods.range, { key: this.#slot.key });
    const request = this.#request();
    const isFirst = !this.#slot.isOpen;
    this.#slot.isOpen = true;
    try {
      const answer = await attempt.call(methods.txn, request);
      const revision = Number(answer.header?.revision);
      if (answer.succeeded) return this.#settle(true, revision);
      const found = answer.answers[0]?.range?.kvs[0];
      const foundAt = Number(found?.modRevision ?? 0);
      if (foundAt !== this.#slot.modRevision) return this.#learn(found, isFirst);
      // The slot is as it was, or closed by now: it was one of the other compares.
      return this.#settle(false, isFirst ? foundAt : revision);
    } catch (error) {
      if (isFirst && error instanceof RpcFailure && verdictOn(error) !== 'elsewhere')
        this.#slot.isOpen = false;
      throw error;
    }
  }

  #request(): TxnRequest {
    const guard = this.#guard();
    const close = { txn: { compare: [guard], success: [this.#say('no')], failure: [] } };
    return {
      compare: [guard, ...this.#wanted.compares],
      success: [this.#say('yes'), ...this.#wanted.operations],
      failure: [{ range: { key: this.#slot.key } }, ...(this.#slot.isOpen ? [close] : [])],
    };
  }

  /**
   * etcd's last word was `error`, of one copy: closes the slot to the others, which also shows
   * whether the lease that has ended was the slot's own.
   */
  async #close(
    caller: TransactDeps['caller'],
    error: FarshoreError,
    wasOpen: boolean,
  ): Promise<Outcome> {
    const request = {
      compare: [this.#guard()],
      success: [this.#say('no')],
      failure: [{ range: { key: this.#slot.key } }],
    };
    this.#slot.isOpen = true;
    let isCommitted: boolean;
    try {
      const answer = await caller.call(methods.txn, request, plan);
      const found = answer.answers[0]?.range?.kvs[0];
      if (answer.succeeded) this.#settle(false, Number(answer.header?.revision));
      isCommitted = !answer.succeeded && this.#learn(found, !wasOpen).committed;
    } catch (failure) {
      if (failure instanceof GuardLost) throw failure;
      const code = failure instanceof FarshoreError ? failure.code : undefined;
      if (code === 'store.outcome-unknown') throw failure;
      if (wasOpen || code !== 'store.lease-lost') throw outcomeUnknown(failure);
      // Nothing but the closing itself was ever open, and it did not happen.
      this.#slot.isOpen = false;
      throw new GuardLost(error);
    }
    if (!isCommitted) throw error;
    return { committed: true, revision: this.#slot.modRevision };
  }

  /** The slot was changed since: by a copy of this, unless it is gone. */
  #learn(found: KeyValue | undefined, isFirst: boolean): Outcome {
    const text = found?.value.toString();
    if (text === `yes ${this.#id}`) return this.#settle(true, Number(found?.modRevision));
    if (text === `no ${this.#id}`) return this.#settle(false, Number(found?.modRevision));
    const unknown = outcomeUnknown(undefined);
    throw isFirst ? new GuardLost(unknown) : unknown;
  }

  #settle(committed: boolean, revision: number): Outcome {
    this.#slot.modRevision = revision;
    this.#slot.isOpen = false;
    return committed ? { committed, revision } : { committed };
  }

  #guard(): CompareRequest {
    return isAt(this.#slot.key, this.#slot.modRevision);
  }

  #say(answer: 'yes' | 'no'): OperationRequest {
    const { key, lease } = this.#slot;
    return { put: { key, value: Buffer.from(`${answer} ${this.#id}`), lease } };
  }
}

function isAt(key: Buffer, modRevision: number): CompareRequest {
  return { result: 'EQUAL', target: 'MOD', key, modRevision };
}

function sizeOf({ compares, operations }: Wanted): string {
  const bytes = operations.reduce(
    (sum, operation) =>
      sum + ('put' in operation ? operation.put.key.length + operation.put.value.length : 0),
    0,
  );
  return `${operations.length} operations, ${compares.length} compares, ${bytes} bytes`;
}

function outcomeUnknown(cause: unknown): FarshoreError {
  return new FarshoreError('whether the write happened is not known, and it may happen yet', {
    code: 'store.outcome-unknown',
    kind: 'transient',
    operation: 'write state',
    hint: 'read what it would have changed before asking for it again',
    cause,
  });
}
