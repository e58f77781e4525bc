import { Refusal } from '../../http/refusal.ts';
import { jsonReply, type Reply } from '../../http/reply.ts';
import { adminActions } from '../admin/actions.ts';
import { find, notFound } from '../api/find.ts';
import { input } from '../api/input.ts';
import { listReply } from '../api/listing.ts';
import { shownTime } from '../api/python.ts';
import type { ApiRequest } from '../api/request.ts';
import type { Routes } from '../api/router.ts';
import type { Cinder } from '../cinder.ts';
import type { SnapshotRecord } from '../state/records.ts';
import { all } from '../state/state.ts';
import { metadataRoutes } from '../volumes/metadata.ts';
import { createSnapshot, deleteSnapshot } from './life.ts';

const statuses = [
  'error',
  'available',
  'creating',
  'deleting',
  'deleted',
  'updating',
  'error_deleting',
  'unmanaging',
  'backing-up',
  'restoring',
];

export function snapshotRoutes(cinder: Cinder): Routes {
  const { state } = cinder;
  const list = async (request: ApiRequest, isDetailed: boolean): Promise<Reply> =>
    listReply(request, {
      key: 'snapshots',
      path: isDetailed ? 'snapshots/detail' : 'snapshots',
      rows: await all(state.snapshots),
      fields: snapshotFields,
      notFound: notFound.snapshot,
      view: (each) =>
        isDetailed ? { ...view(request, each), ...extended(each) } : view(request, each),
    });
  return {
    'GET /snapshots': (request) => list(request, false),
    'GET /snapshots/detail': (request) => list(request, true),
    'POST /snapshots': async (request) => {
      const snapshot = await createSnapshot(cinder, request, await request.json());
      return jsonReply(202, { snapshot: view(request, snapshot) });
    },
    'GET /snapshots/:': async (request, id = '') => {
      const snapshot = await find(request, 'snapshot', state.snapshots, id);
      return jsonReply(200, { snapshot: { ...view(request, snapshot), ...extended(snapshot) } });
    },
    'PUT /snapshots/:': async (request, id = '') => {
      const change = updateOf(await request.json());
      await find(request, 'snapshot', state.snapshots, id);
      const snapshot = await state.update(state.snapshots, id, () => change);
      if (snapshot === undefined) throw notFound.snapshot(id);
      return jsonReply(200, { snapshot: view(request, snapshot) });
    },
    'DELETE /snapshots/:': async (request, id = '') => {
      await find(request, 'snapshot', state.snapshots, id);
      await deleteSnapshot(cinder, id, false);
      return { status: 202, headers: { 'content-type': 'text/html; charset=UTF-8' } };
    },
    ...adminActions(cinder, {
      kind: 'snapshot',
      table: state.snapshots,
      statuses,
      brackets: '()',
      label: 'Snapshot status',
      forceDelete: (_request, { id }) => deleteSnapshot(cinder, id, true),
    }),
    ...metadataRoutes(cinder, {
      kind: 'snapshot',
      table: state.snapshots,
      collection: 'snapshots',
    }),
  };
}

const snapshotFields = {
  name: (snapshot: SnapshotRecord) => snapshot.name,
  status: (snapshot: SnapshotRecord) => snapshot.status,
  volume_id: (snapshot: SnapshotRecord) => snapshot.volumeId,
  metadata: (snapshot: SnapshotRecord) => snapshot.metadata,
  size: (snapshot: SnapshotRecord) => snapshot.sizeGib,
  updated_at: (snapshot: SnapshotRecord) => snapshot.updatedAtMs,
  user_id: (snapshot: SnapshotRecord) => snapshot.userId,
};

function updateOf(body: unknown): Partial<SnapshotRecord> {
  const keys = ['name', 'description', 'display_name', 'display_description'];
  const wish = input(body, 'snapshot', keys);
  if (!keys.some((key) => wish.has(key)))
    throw new Refusal(
      400,
      'Invalid input for field/attribute snapshot. Value: {}. {} is not valid under any of the given schemas',
    );
  const name = wish.text('name') ?? wish.text('display_name');
  const description = wish.description('description') ?? wish.description('display_description');
  return {
    ...(wish.has('name') || wish.has('display_name') ? { name } : {}),
    ...(wish.has('description') || wish.has('display_description') ? { description } : {}),
  };
}

function view({ minor }: ApiRequest, snapshot: SnapshotRecord): object {
  return {
    id: snapshot.id,
    created_at: shownTime(snapshot.createdAtMs),
    updated_at: shownTime(snapshot.updatedAtMs),
    name: snapshot.name,
    description: snapshot.description,
    volume_id: snapshot.volumeId,
    status: snapshot.status,
    size: snapshot.sizeGib,
    metadata: snapshot.metadata,
    ...(minor >= 14 ? { group_snapshot_id: null } : {}),
    ...(minor >= 41 ? { user_id: snapshot.userId } : {}),
    ...(minor >= 65 ? { consumes_quota: true } : {}),
  };
}

function extended(snapshot: SnapshotRecord): object {
  return {
    'os-extended-snapshot-attributes:project_id': snapshot.projectId,
    'os-extended-snapshot-attributes:progress': snapshot.progress,
  };
}
