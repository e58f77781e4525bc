import type { z } from 'zod';
import { describeError } from '../../../kernel/errors.ts';
import { type Call, jsonBody } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import { jsonReply, type Reply } from '../http/reply.ts';
import type { Service } from '../http/service.ts';
import type { Faults } from './faults.ts';
import {
  conditionsInput,
  type DamageInput,
  damageInput,
  type PartsInput,
  partsInput,
  requestFaultInput,
} from './schemas.ts';

/** What the control endpoint can do to a region. */
export interface Controlled {
  readonly name: string;
  readonly url: string;
  readonly faults: Faults;
  /** Resolves when the listener is as the conditions say. */
  settled(): Promise<void>;
  expireTokens(): Promise<void>;
  damage(input: DamageInput): Promise<void>;
  putInParts(input: PartsInput): Promise<void>;
}

/**
 * Faults by HTTP and JSON, for whoever tests with a region from another process. It has a listener of
 * its own, so that it answers while the region is down, and no password: it listens where its owner can
 * be trusted.
 */
export class Control implements Service {
  readonly #region: Controlled;
  readonly #routes: Readonly<Record<string, (call: Call) => unknown>>;

  constructor(region: Controlled) {
    this.#region = region;
    const { faults } = region;
    this.#routes = {
      'GET /': () => undefined,
      'PATCH /conditions': async (call) => faults.set(await input(call, conditionsInput)),
      'POST /request-faults': async (call) => faults.add(await input(call, requestFaultInput)),
      'DELETE /request-faults': () => faults.clearRequestFaults(),
      'POST /heal': () => faults.heal(),
      'POST /expire-tokens': () => region.expireTokens(),
      'POST /damage': async (call) => found(region.damage(await input(call, damageInput))),
      'POST /parts': async (call) => found(region.putInParts(await input(call, partsInput))),
    };
  }

  /** Each answers with the state that it leaves. */
  async handle(call: Call): Promise<Reply> {
    const { name, url, faults } = this.#region;
    const key = `${call.method} ${call.path}`;
    if (!Object.hasOwn(this.#routes, key))
      throw new Refusal(
        404,
        `there is no '${key}'; there are ${Object.keys(this.#routes).join(', ')}`,
      );
    await this.#routes[key]?.(call);
    await this.#region.settled();
    const { conditions, requestFaults } = faults;
    return jsonReply(200, { region: name, url, conditions, requestFaults });
  }

  refuse({ status, message, headers }: Refusal): Reply {
    return jsonReply(status, { error: message }, headers);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function found(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    throw new Refusal(404, describeError(error));
  });
}

async function input<T>(call: Call, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await jsonBody(call));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  throw new Refusal(400, faults.join('; '));
}
