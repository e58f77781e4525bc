import { Refusal } from '../../http/refusal.ts';
import { jsonReply, type Reply } from '../../http/reply.ts';
import { input, isObject } from '../api/input.ts';
import { listReply } from '../api/listing.ts';
import { type ApiRequest, requireAdmin } from '../api/request.ts';
import type { Routes } from '../api/router.ts';
import type { Cinder } from '../cinder.ts';
import type { TypeRecord } from '../state/records.ts';
import { all, defaultTypeName } from '../state/state.ts';

/** Volume types and their extra specs, which mean nothing to the one backend that there is. */
export function typeRoutes(cinder: Cinder): Routes {
  const { state } = cinder;
  const get = async (request: ApiRequest, id: string): Promise<TypeRecord> => {
    if (id === 'default') return typeByNameOrId(cinder, defaultTypeName);
    const type = await state.types.get(id);
    if (type !== undefined && (type.isPublic || request.isAdmin)) return type;
    throw new Refusal(404, `Volume type ${id} could not be found.`);
  };
  const change = async (
    request: ApiRequest,
    id: string,
    next: (type: TypeRecord) => Partial<TypeRecord>,
  ): Promise<TypeRecord> => {
    const found = await get(request, id);
    return (await state.update(state.types, found.id, next)) ?? found;
  };
  return {
    'GET /types': (request) => list(cinder, request),
    'POST /types': async (request) => {
      requireAdmin(request, 'volume_extension:type_create');
      return shown(request, await create(cinder, await request.json()));
    },
    'GET /types/:': async (request, id = '') => shown(request, await get(request, id)),
    'PUT /types/:': async (request, id = '') => {
      requireAdmin(request, 'volume_extension:type_update');
      const wish = input(await request.json(), 'volume_type', ['name', 'description', 'is_public']);
      const [name, description] = [wish.text('name'), wish.text('description')];
      const isPublic = wish.flag('is_public');
      if (name === null && description === null && isPublic === undefined)
        throw new Refusal(
          400,
          'Specify volume type name, description, is_public or a combination thereof.',
        );
      if (name === '') throw new Refusal(400, 'Volume type name can not be empty.');
      const changed = await change(request, id, () => ({
        ...(name === null ? {} : { name }),
        ...(description === null ? {} : { description }),
        ...(isPublic === undefined ? {} : { isPublic }),
      }));
      return shown(request, changed);
    },
    'DELETE /types/:': async (request, id = '') => {
      requireAdmin(request, 'volume_extension:type_delete');
      await remove(cinder, await get(request, id));
      return { status: 202, headers: { 'content-type': 'text/html; charset=UTF-8' } };
    },
    'GET /types/:/extra_specs': async (request, id = '') =>
      jsonReply(200, { extra_specs: specsFor(request, await get(request, id)) }),
    'POST /types/:/extra_specs': async (request, id = '') => {
      requireAdmin(request, 'volume_extension:types_extra_specs:create');
      const specs = input({ body: await request.json() }, 'body').strings('extra_specs') ?? {};
      await change(request, id, ({ extraSpecs }) => ({ extraSpecs: { ...extraSpecs, ...specs } }));
      return jsonReply(200, { extra_specs: specs });
    },
    'GET /types/:/extra_specs/:': async (request, id = '', key = '') => {
      const specs = specsFor(request, await get(request, id));
      if (!Object.hasOwn(specs, key)) throw noSpec(id, key);
      return jsonReply(200, { [key]: specs[key] });
    },
    'PUT /types/:/extra_specs/:': async (request, id = '', key = '') => {
      requireAdmin(request, 'volume_extension:types_extra_specs:update');
      const body = await request.json();
      if (!isObject(body) || !Object.hasOwn(body, key))
        throw new Refusal(400, 'Request body and URI mismatch');
      const specs = input({ body: { specs: body } }, 'body').strings('specs') ?? {};
      await change(request, id, ({ extraSpecs }) => ({ extraSpecs: { ...extraSpecs, ...specs } }));
      return jsonReply(200, specs);
    },
    'DELETE /types/:/extra_specs/:': async (request, id = '', key = '') => {
      requireAdmin(request, 'volume_extension:types_extra_specs:delete');
      const { extraSpecs } = await get(request, id);
      if (!Object.hasOwn(extraSpecs, key)) throw noSpec(id, key);
      const left = Object.entries(extraSpecs).filter(([each]) => each !== key);
      await change(request, id, () => ({ extraSpecs: Object.fromEntries(left) }));
      return { status: 202 };
    },
  };
}

/** Throws 404. */
export async function typeByNameOrId(
  { state }: Pick<Cinder, 'state'>,
  nameOrId: string,
): Promise<TypeRecord> {
  const types = await all(state.types, ({ id, name }) => id === nameOrId || name === nameOrId);
  const [type] = types;
  if (type !== undefined) return type;
  throw new Refusal(404, `Volume type with name ${nameOrId} could not be found.`);
}

async function list({ state }: Cinder, request: ApiRequest): Promise<Reply> {
  const types = await all(state.types, ({ isPublic }) => isPublic || request.isAdmin);
  return listReply(request, {
    key: 'volume_types',
    path: 'types',
    rows: types.map((type) => ({ ...type, projectId: request.projectId })),
    fields: { name: ({ name }) => name, is_public: ({ isPublic }) => isPublic },
    notFound: (id) => new Refusal(404, `Volume type ${id} could not be found.`),
    view: (type) => ({
      ...view(request, type),
      'os-volume-type-access:is_public': type.isPublic,
    }),
  });
}

async function create({ state }: Cinder, body: unknown): Promise<TypeRecord> {
  const wish = input(body, 'volume_type').require('name');
  const name = wish.text('name') ?? '';
  if (name === '') throw new Refusal(400, "The 'name' can not be None.");
  const type: TypeRecord = {
    id: state.newId(),
    name,
    description: wish.text('description'),
    isPublic: wish.flag('os-volume-type-access:is_public') ?? true,
    extraSpecs: wish.strings('extra_specs') ?? {},
    createdAtMs: state.now(),
  };
  await state.exclusive(async () => {
    if ((await all(state.types, (each) => each.name === name)).length > 0)
      throw new Refusal(409, `Volume Type ${name} already exists.`);
    await state.commit([state.types.put(type.id, type)]);
  });
  return type;
}

async function remove({ state }: Cinder, type: TypeRecord): Promise<void> {
  if (type.name === defaultTypeName)
    throw new Refusal(
      400,
      `The volume type ${type.id} is the default volume type and cannot be deleted.`,
    );
  await state.exclusive(async () => {
    const users = await all(state.volumes, ({ typeId }) => typeId === type.id);
    if (users.length > 0) throw new Refusal(400, 'Target volume type is still in use.');
    await state.commit([state.types.del(type.id)]);
  });
}

function shown(request: ApiRequest, type: TypeRecord): Reply {
  return jsonReply(200, { volume_type: view(request, type) });
}

function view(request: ApiRequest, type: TypeRecord): object {
  const { id, name, isPublic, description } = type;
  return {
    id,
    name,
    is_public: isPublic,
    description,
    extra_specs: specsFor(request, type),
    ...(request.isAdmin ? { qos_specs_id: null } : {}),
  };
}

/** Users see those that tell them how to use the type. */
function specsFor(request: ApiRequest, { extraSpecs }: TypeRecord): Record<string, string> {
  const open = ['RESKEY:availability_zones', 'multiattach', 'replication_enabled'];
  return Object.fromEntries(
    Object.entries(extraSpecs).filter(([key]) => request.isAdmin || open.includes(key)),
  );
}

function noSpec(id: string, key: string): Refusal {
  return new Refusal(404, `Volume Type ${id} has no extra specs with key ${key}.`);
}
