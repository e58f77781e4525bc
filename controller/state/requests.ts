import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import type { FarshoreError } from '../../kernel/errors.ts';
import type { RequestTie } from '../../runbooks/execution/types.ts';
import { type Operation, put, remove, type Store } from '../store/store.ts';
import { keys } from './keys.ts';
import type { RequestRecord } from './records.ts';
import { refused } from './refusals.ts';

/** Long after any client has given up asking again. */
const keptMs = 24 * 3600 * 1000;

/** The key is a client's text: what lies in the store is its digest, which fits a path. */
export function requestKey({ key }: RequestTie) {
  return keys.request(createHash('sha256').update(key).digest('hex'));
}

/** The execution that the same request created. Throws `request.key-reused` where it was another. */
export function executionOfRequest(request: RequestTie, record: RequestRecord): string {
  // As the store kept it.
  const order = JSON.parse(JSON.stringify(request.order)) as unknown;
  if (isDeepStrictEqual(record.order, order)) return record.execution;
  throw reused(record);
}

/** Ties the key to the execution, and forgets the keys that are old. */
export async function tie(
  store: Store,
  request: RequestTie,
  execution: string,
  at: string,
): Promise<readonly Operation[]> {
  const key = requestKey(request);
  const oldest = Date.parse(at) - keptMs;
  const old = (await store.range(keys.request())).filter(
    ({ path, value }) => path !== key.path && Date.parse(value.at) < oldest,
  );
  return [
    put(key, { execution, order: request.order, at }),
    ...old.map(({ path }) => remove({ path })),
  ];
}

function reused({ execution }: RequestRecord): FarshoreError {
  return refused(
    'request.key-reused',
    'start execution',
    execution,
    'the idempotency key belongs to another order',
    'send each order with a key of its own',
  );
}
