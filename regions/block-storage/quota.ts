import { describeError } from '../../kernel/errors.ts';
import { hasStatus, type RequestError } from '../http/request-error.ts';
import type { ServiceClient } from '../http/service-client.ts';
import { refineError } from '../refine-error.ts';
import { call } from './calls.ts';
import type { BlockStorage, Quotas } from './types.ts';

/** What a creation takes, by Cinder's names of quotas. */
export type Wanted = Readonly<Record<string, number>>;

/**
 * Turns Cinder's 413 into `block-storage.quota-exceeded`. The status is all that tells a quota; which
 * one is full is not read out of the message but asked from the project's quota set. Any other error
 * is given back as it is.
 */
export async function orQuotaError(
  client: ServiceClient,
  error: unknown,
  wanted: Wanted,
  signal?: AbortSignal,
): Promise<unknown> {
  if (!hasStatus(error, 413)) return error;
  const full = await fullQuotas(client, wanted, signal);
  return refineError(error as RequestError, {
    code: 'block-storage.quota-exceeded',
    message: full === '' ? (error as RequestError).message : `the quota is used up: ${full}`,
    hint: `raise the quota of project ${client.projectId} in region ${client.region}, or free some of it`,
  });
}

/** `backups 10 of 10 used, 1 more wanted`; or why it cannot be told. */
async function fullQuotas(
  client: ServiceClient,
  wanted: Wanted,
  signal?: AbortSignal,
): Promise<string> {
  try {
    const quotas = await readQuotas(client, signal);
    return Object.entries(wanted)
      .flatMap(([name, more]) => {
        const { limit, used } = quotas[name] ?? { limit: -1, used: 0 };
        const isFull = limit >= 0 && used + more > limit;
        return isFull ? [`${name} ${used} of ${limit} used, ${more} more wanted`] : [];
      })
      .join('; ');
  } catch (lookupFailed) {
    signal?.throwIfAborted();
    return `which one could not be asked (${describeError(lookupFailed)})`;
  }
}

export function createQuotaCalls(client: ServiceClient): Pick<BlockStorage, 'quotas'> {
  return { quotas: (signal) => readQuotas(client, signal) };
}

async function readQuotas(client: ServiceClient, signal?: AbortSignal): Promise<Quotas> {
  const body = await call(client, {
    method: 'GET',
    path: `/os-quota-sets/${encodeURIComponent(client.projectId)}`,
    query: { usage: true },
    operation: 'read quota',
    subject: client.projectId,
    ok: [200],
    signal,
  });
  const set = body.object('quota_set');
  // Beside the quotas it has the project's id.
  const names = set.names().filter((name) => name !== 'id');
  return Object.fromEntries(
    names.map((name) => {
      const quota = set.object(name);
      const used = quota.integer('in_use') + quota.integerOr('reserved', 0);
      return [name, { limit: quota.integer('limit'), used }];
    }),
  );
}
