import { jsonReply, type Reply } from '../../http/reply.ts';
import { find, notFound } from '../api/find.ts';
import { input, queryFlag } from '../api/input.ts';
import { listReply } from '../api/listing.ts';
import { type ApiRequest, requireAdmin, requireMinor } from '../api/request.ts';
import type { Routes } from '../api/router.ts';
import type { Cinder } from '../cinder.ts';
import type { VolumeRecord } from '../state/records.ts';
import { all } from '../state/state.ts';
import { actOnVolume } from './actions.ts';
import { createVolume } from './create.ts';
import { deleteVolume } from './delete.ts';
import { metadataRoutes } from './metadata.ts';
import { volumeDetail, volumeSummary, type VolumeSurroundings } from './view.ts';

export function volumeRoutes(cinder: Cinder): Routes {
  const { state } = cinder;
  const detailed = async (request: ApiRequest, volume: VolumeRecord): Promise<object> => ({
    volume: volumeDetail(request, volume, await surroundings(cinder)),
  });
  const list = async (request: ApiRequest, isDetailed: boolean): Promise<Reply> => {
    const around = await surroundings(cinder);
    return listReply(request, {
      key: 'volumes',
      path: isDetailed ? 'volumes/detail' : 'volumes',
      rows: await all(state.volumes),
      fields: volumeFields,
      notFound: notFound.volume,
      view: (volume) =>
        isDetailed ? volumeDetail(request, volume, around) : volumeSummary(request, volume),
    });
  };
  return {
    'GET /volumes': (request) => list(request, false),
    'GET /volumes/detail': (request) => list(request, true),
    'GET /volumes/summary': async (request) => {
      requireMinor(request, 12);
      const volumes = await all(state.volumes, (each) => each.projectId === request.projectId);
      const totalSize = volumes.reduce((sum, { sizeGib }) => sum + sizeGib, 0);
      const summary = { total_count: volumes.length, total_size: totalSize };
      return jsonReply(200, { 'volume-summary': summary });
    },
    'POST /volumes': async (request) => {
      const volume = await createVolume(cinder, request, await request.json());
      return jsonReply(202, await detailed(request, volume));
    },
    'GET /volumes/:': async (request, id = '') => {
      const volume = await find(request, 'volume', state.volumes, id);
      return jsonReply(200, await detailed(request, volume));
    },
    'PUT /volumes/:': async (request, id = '') => {
      const change = updateOf(await request.json());
      await find(request, 'volume', state.volumes, id);
      const volume = await state.update(state.volumes, id, () => change);
      if (volume === undefined) throw notFound.volume(id);
      return jsonReply(200, await detailed(request, volume));
    },
    'DELETE /volumes/:': async (request, id = '') => {
      const isCascade = queryFlag(request.call.query, 'cascade');
      const isForced = request.minor >= 23 && queryFlag(request.call.query, 'force');
      const { id: found } = await find(request, 'volume', state.volumes, id);
      if (isForced) requireAdmin(request, 'volume:force_delete');
      await deleteVolume(cinder, found, { isCascade, isForced });
      return { status: 202, headers: { 'content-type': 'text/html; charset=UTF-8' } };
    },
    'POST /volumes/:/action': async (request, id = '') =>
      actOnVolume(cinder, request, id, await request.json()),
    ...metadataRoutes(cinder, { kind: 'volume', table: state.volumes, collection: 'volumes' }),
  };
}

const volumeFields = {
  name: (volume: VolumeRecord) => volume.name,
  status: (volume: VolumeRecord) => volume.status,
  metadata: (volume: VolumeRecord) => volume.metadata,
  bootable: (volume: VolumeRecord) => volume.bootable,
  migration_status: (volume: VolumeRecord) => volume.migrationStatus,
  availability_zone: (volume: VolumeRecord) => volume.zone,
  group_id: () => null,
  size: (volume: VolumeRecord) => volume.sizeGib,
  updated_at: (volume: VolumeRecord) => volume.updatedAtMs,
  user_id: (volume: VolumeRecord) => volume.userId,
};

async function surroundings(cinder: Cinder): Promise<VolumeSurroundings> {
  const { state } = cinder;
  const types = await all(state.types);
  return {
    cinder,
    attachments: await all(state.attachments),
    typeNames: new Map(types.map(({ id, name }) => [id, name])),
  };
}

function updateOf(body: unknown): Partial<VolumeRecord> {
  const allowed = ['name', 'description', 'display_name', 'display_description', 'metadata'];
  const wish = input(body, 'volume', allowed);
  const metadata = wish.strings('metadata');
  return {
    ...(wish.has('name') || wish.has('display_name') ? { name: wish.measured('name') } : {}),
    ...(wish.has('description') || wish.has('display_description')
      ? { description: wish.measured('description') }
      : {}),
    ...(metadata === null ? {} : { metadata }),
  };
}
