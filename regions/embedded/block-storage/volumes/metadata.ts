import type { Table } from '../../store/tables.ts';
import { Refusal } from '../../http/refusal.ts';
import { jsonReply } from '../../http/reply.ts';
import { find } from '../api/find.ts';
import { input } from '../api/input.ts';
import type { ApiRequest } from '../api/request.ts';
import type { Routes } from '../api/router.ts';
import type { Cinder } from '../cinder.ts';

interface Described {
  readonly id: string;
  readonly projectId: string;
  readonly status: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The user's key-value pairs of a volume or a snapshot. */
export function metadataRoutes<T extends Described>(
  { state }: Cinder,
  of: {
    readonly kind: 'volume' | 'snapshot';
    readonly collection: string;
    readonly table: Table<T>;
  },
): Routes {
  const { kind, collection, table } = of;
  const path = `/${collection}/:/metadata`;
  const change = async (
    request: ApiRequest,
    id: string,
    next: (metadata: T['metadata']) => T['metadata'],
  ): Promise<T['metadata']> => {
    const { status } = await find(request, kind, table, id);
    if (status === 'maintenance' || status === 'uploading')
      throw new Refusal(
        400,
        `Invalid volume: Updating volume metadata is not allowed for volumes in ${status} status.`,
      );
    const changed = await state.update(
      table,
      id,
      ({ metadata }) => ({ metadata: next(metadata) }) as Partial<T>,
    );
    return changed?.metadata ?? {};
  };
  const missing = (id: string, key: string): Refusal =>
    new Refusal(
      404,
      `${kind === 'volume' ? 'Volume' : 'Snapshot'} ${id} has no metadata with key ${key}.`,
    );
  const wished = async (request: ApiRequest, key: string): Promise<T['metadata']> => {
    const body = await request.json();
    input(body, key);
    return input({ body }, 'body').strings(key) ?? {};
  };
  return {
    [`GET ${path}`]: async (request, id = '') =>
      jsonReply(200, { metadata: (await find(request, kind, table, id)).metadata }),
    [`POST ${path}`]: async (request, id = '') => {
      const more = await wished(request, 'metadata');
      const metadata = await change(request, id, (held) => ({ ...held, ...more }));
      return jsonReply(200, { metadata });
    },
    [`PUT ${path}`]: async (request, id = '') => {
      const metadata = await wished(request, 'metadata');
      return jsonReply(200, { metadata: await change(request, id, () => metadata) });
    },
    [`GET ${path}/:`]: async (request, id = '', key = '') => {
      const value = (await find(request, kind, table, id)).metadata[key];
      if (value === undefined) throw missing(id, key);
      return jsonReply(200, { meta: { [key]: value } });
    },
    [`PUT ${path}/:`]: async (request, id = '', key = '') => {
      const meta = await wished(request, 'meta');
      if (!Object.hasOwn(meta, key)) throw new Refusal(400, 'Request body and URI mismatch');
      if (Object.keys(meta).length > 1)
        throw new Refusal(400, 'Request body contains too many items');
      await change(request, id, (held) => ({ ...held, ...meta }));
      return jsonReply(200, { meta });
    },
    [`DELETE ${path}/:`]: async (request, id = '', key = '') => {
      const { metadata } = await find(request, kind, table, id);
      if (!Object.hasOwn(metadata, key)) throw missing(id, key);
      await change(request, id, (held) =>
        Object.fromEntries(Object.entries(held).filter(([each]) => each !== key)),
      );
      return { status: 200, headers: { 'content-type': 'text/html; charset=UTF-8' } };
    },
  };
}
