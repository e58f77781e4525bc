import { Refusal } from '../../http/refusal.ts';
import { jsonReply } from '../../http/reply.ts';
import { input, isObject } from '../api/input.ts';
import { type ApiRequest, requireAdmin } from '../api/request.ts';
import type { Routes } from '../api/router.ts';
import type { Cinder } from '../cinder.ts';
import type { TypeRecord } from '../state/records.ts';
import { without } from './metadata.ts';
import { change, get } from './types.ts';

/** What a type asks of the scheduler and the backends. */
export function extraSpecRoutes(cinder: Cinder): Routes {
  return {
    'GET /types/:/extra_specs': async (request, id = '') =>
      jsonReply(200, { extra_specs: specsFor(request, await get(cinder, request, id)) }),
    'POST /types/:/extra_specs': async (request, id = '') => {
      requireAdmin(request, 'volume_extension:types_extra_specs:create');
      const specs = input({ body: await request.json() }, 'body').strings('extra_specs') ?? {};
      await change(cinder, request, id, ({ extraSpecs }) => ({
        extraSpecs: { ...extraSpecs, ...specs },
      }));
      return jsonReply(200, { extra_specs: specs });
    },
    'GET /types/:/extra_specs/:': async (request, id = '', key = '') => {
      const specs = specsFor(request, await get(cinder, request, id));
      if (!Object.hasOwn(specs, key)) throw noSpec(id, key);
      return jsonReply(200, { [key]: specs[key] });
    },
    'PUT /types/:/extra_specs/:': async (request, id = '', key = '') => {
      requireAdmin(request, 'volume_extension:types_extra_specs:update');
      const body = await request.json();
      if (!isObject(body) || !Object.hasOwn(body, key))
        throw new Refusal(400, 'Request body and URI mismatch');
      const specs = input({ body: { specs: body } }, 'body').strings('specs') ?? {};
      await change(cinder, request, id, ({ extraSpecs }) => ({
        extraSpecs: { ...extraSpecs, ...specs },
      }));
      return jsonReply(200, specs);
    },
    'DELETE /types/:/extra_specs/:': async (request, id = '', key = '') => {
      requireAdmin(request, 'volume_extension:types_extra_specs:delete');
      const { extraSpecs } = await get(cinder, request, id);
      if (!Object.hasOwn(extraSpecs, key)) throw noSpec(id, key);
      await change(cinder, request, id, (type) => ({
        extraSpecs: without(type.extraSpecs, key),
      }));
      return { status: 202 };
    },
  };
}

/** Users see those that tell them how to use the type. */
export function specsFor(request: ApiRequest, { extraSpecs }: TypeRecord): Record<string, string> {
  const open = ['RESKEY:availability_zones', 'multiattach', 'replication_enabled'];
  return Object.fromEntries(
    Object.entries(extraSpecs).filter(([key]) => request.isAdmin || open.includes(key)),
  );
}

function noSpec(id: string, key: string): Refusal {
  return new Refusal(404, `Volume Type ${id} has no extra specs with key ${key}.`);
}
