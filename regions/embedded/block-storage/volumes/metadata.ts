import type { Table } from '../../store/tables.ts';
import { Refusal } from '../../http/refusal.ts';
import { jsonReply } from '../../http/reply.ts';
import { find } from '../api/find.ts';
import { input } from '../api/input.ts';
import type { ApiRequest } from '../api/request.ts';
import type { Routes } from '../api/router.ts';
import type { Cinder } from '../cinder.ts';

type Pairs = Readonly<Record<string, string>>;

interface Described {
  readonly id: string;
  readonly projectId: string;
  readonly status: string;
  readonly metadata: Pairs;
}

interface Holder<T> {
  readonly kind: 'volume' | 'snapshot';
  readonly collection: string;
  readonly table: Table<T>;
}

/** The user's key-value pairs of a volume or a snapshot. */
export function metadataRoutes<T extends Described>({ state }: Cinder, holder: Holder<T>): Routes {
  const { kind, collection, table } = holder;
  const path = `/${collection}/:/metadata`;
  const get = (request: ApiRequest, id: string): Promise<T> => find(request, kind, table, id);
  const change = async (
    request: ApiRequest,
    id: string,
    next: (metadata: Pairs) => Pairs,
  ): Promise<Pairs> => {
    requireChangeable(await get(request, id));
    const of = ({ metadata }: T): Partial<T> => ({ metadata: next(metadata) }) as Partial<T>;
    return (await state.update(table, id, of))?.metadata ?? {};
  };
  return {
    [`GET ${path}`]: async (request, id = '') =>
      jsonReply(200, { metadata: (await get(request, id)).metadata }),
    [`POST ${path}`]: async (request, id = '') => {
      const more = await pairsOf(request, 'metadata');
      const metadata = await change(request, id, (held) => ({ ...held, ...more }));
      return jsonReply(200, { metadata });
    },
    [`PUT ${path}`]: async (request, id = '') => {
      const metadata = await pairsOf(request, 'metadata');
      return jsonReply(200, { metadata: await change(request, id, () => metadata) });
    },
    [`GET ${path}/:`]: async (request, id = '', key = '') => {
      const meta = only((await get(request, id)).metadata, key) ?? missing(kind, id, key);
      return jsonReply(200, { meta });
    },
    [`PUT ${path}/:`]: async (request, id = '', key = '') => {
      const meta = await pairsOf(request, 'meta');
      if (!Object.hasOwn(meta, key)) throw new Refusal(400, 'Request body and URI mismatch');
      if (Object.keys(meta).length > 1)
        throw new Refusal(400, 'Request body contains too many items');
      await change(request, id, (held) => ({ ...held, ...meta }));
      return jsonReply(200, { meta });
    },
    [`DELETE ${path}/:`]: async (request, id = '', key = '') => {
      if (only((await get(request, id)).metadata, key) === undefined) missing(kind, id, key);
      await change(request, id, (held) => without(held, key));
      return { status: 200, headers: { 'content-type': 'text/html; charset=UTF-8' } };
    },
  };
}

async function pairsOf(request: ApiRequest, key: string): Promise<Pairs> {
  const body = await request.json();
  input(body, key);
  return input({ body }, 'body').strings(key) ?? {};
}

function requireChangeable({ status }: Described): void {
  if (status === 'maintenance' || status === 'uploading')
    throw new Refusal(
      400,
      `Invalid volume: Updating volume metadata is not allowed for volumes in ${status} status.`,
    );
}

function only(pairs: Pairs, key: string): Pairs | undefined {
  const value = Object.hasOwn(pairs, key) ? pairs[key] : undefined;
  return value === undefined ? undefined : { [key]: value };
}

export function without(pairs: Pairs, key: string): Pairs {
  return Object.fromEntries(Object.entries(pairs).filter(([each]) => each !== key));
}

function missing(kind: 'volume' | 'snapshot', id: string, key: string): never {
  const what = kind === 'volume' ? 'Volume' : 'Snapshot';
  throw new Refusal(404, `${what} ${id} has no metadata with key ${key}.`);
}
