import { Refusal } from '../../http/refusal.ts';
import { jsonReply, type Reply } from '../../http/reply.ts';
import { input } from '../api/input.ts';
import { listReply } from '../api/listing.ts';
import { type ApiRequest, requireAdmin } from '../api/request.ts';
import type { Routes } from '../api/router.ts';
import type { Cinder } from '../cinder.ts';
import type { TypeRecord } from '../state/records.ts';
import { all, defaultTypeName } from '../state/state.ts';
import { specsFor } from './extra-specs.ts';

/** Volume types and their extra specs, which mean nothing to the one backend that there is. */
export function typeRoutes(cinder: Cinder): Routes {
  return {
    'GET /types': (request) => list(cinder, request),
    'POST /types': async (request) => {
      requireAdmin(request, 'volume_extension:type_create');
      return shown(request, await create(cinder, await request.json()));
    },
    'GET /types/:': async (request, id = '') => shown(request, await get(cinder, request, id)),
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
      await change(cinder, request, id, () => ({
        ...(name === null ? {} : { name }),
        ...(description === null ? {} : { description }),
        ...(isPublic === undefined ? {} : { isPublic }),
      }));
      return shown(request, await get(cinder, request, id));
    },
    'DELETE /types/:': async (request, id = '') => {
      requireAdmin(request, 'volume_extension:type_delete');
      await remove(cinder, await get(cinder, request, id));
      return { status: 202, headers: { 'content-type': 'text/html; charset=UTF-8' } };
    },
  };
}

/** One that the requester may see. Throws 404. */
export async function get(cinder: Cinder, request: ApiRequest, id: string): Promise<TypeRecord> {
  if (id === 'default') return typeByNameOrId(cinder, defaultTypeName);
  const type = await cinder.state.types.get(id);
  if (type !== undefined && (type.isPublic || request.isAdmin)) return type;
  throw new Refusal(404, `Volume type ${id} could not be found.`);
}

export async function change(
  cinder: Cinder,
  request: ApiRequest,
  id: string,
  next: (type: TypeRecord) => Partial<TypeRecord>,
): Promise<void> {
  const found = await get(cinder, request, id);
  await cinder.state.update(cinder.state.types, found.id, next);
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
