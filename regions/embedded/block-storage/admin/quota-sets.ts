import { Refusal } from '../../http/refusal.ts';
import { jsonReply, type Reply } from '../../http/reply.ts';
import { input, invalid, queryFlag } from '../api/input.ts';
import { repr } from '../api/python.ts';
import { type ApiRequest, requireAdmin } from '../api/request.ts';
import type { Routes } from '../api/router.ts';
import type { Cinder } from '../cinder.ts';
import { limitsOf, usageOf } from '../state/quotas.ts';

const largest = 0x7fffffff;

/** A project's limits and what it uses of them. */
export function quotaRoutes(cinder: Cinder): Routes {
  const { state } = cinder;
  return {
    'GET /limits': async (request) => {
      const limits = await limitsOf(state, request.projectId);
      const used = await usageOf(state, request.projectId);
      const absolute = {
        maxTotalVolumes: limits['volumes'],
        maxTotalSnapshots: limits['snapshots'],
        maxTotalVolumeGigabytes: limits['gigabytes'],
        maxTotalBackups: limits['backups'],
        maxTotalBackupGigabytes: limits['backup_gigabytes'],
        totalVolumesUsed: used['volumes'] ?? 0,
        totalGigabytesUsed: used['gigabytes'] ?? 0,
        totalSnapshotsUsed: used['snapshots'] ?? 0,
        totalBackupsUsed: used['backups'] ?? 0,
        totalBackupGigabytesUsed: used['backup_gigabytes'] ?? 0,
      };
      return jsonReply(200, { limits: { rate: [], absolute } });
    },
    'GET /os-quota-sets/:': (request, id = '') => show(cinder, request, id),
    'GET /os-quota-sets/:/defaults': async (request, id = '') => {
      requireOwn(request, id, 'show');
      return jsonReply(200, { quota_set: { ...(await limitsOf(state, '')), id } });
    },
    'PUT /os-quota-sets/:': async (request, id = '') => {
      const body = await request.json();
      requireAdmin(request, 'volume_extension:quotas:update');
      await update(cinder, id, body);
      return jsonReply(200, { quota_set: await limitsOf(state, id) });
    },
    'DELETE /os-quota-sets/:': async (request, id = '') => {
      requireAdmin(request, 'volume_extension:quotas:delete');
      await state.exclusive(() => state.commit([state.quotas.del(id)]));
      return { status: 200 };
    },
  };
}

async function show({ state }: Cinder, request: ApiRequest, id: string): Promise<Reply> {
  requireOwn(request, id, 'show');
  const limits = await limitsOf(state, id);
  if (!queryFlag(request.call.query, 'usage'))
    return jsonReply(200, { quota_set: { ...limits, id } });
  const used = await usageOf(state, id);
  const withUsage: Record<string, object> = {};
  for (const [name, limit] of Object.entries(limits))
    withUsage[name] = { limit, in_use: used[name] ?? 0, reserved: 0 };
  return jsonReply(200, { quota_set: { ...withUsage, id } });
}

async function update({ state }: Cinder, id: string, body: unknown): Promise<void> {
  const { fields } = input(body, 'quota_set');
  await state.exclusive(async () => {
    const [limits, used] = [await limitsOf(state, id), await usageOf(state, id)];
    const wished = Object.entries(fields).filter(([key]) => key !== 'force' && key !== 'tenant_id');
    const unknown = wished.map(([key]) => key).filter((key) => !Object.hasOwn(limits, key));
    if (unknown.length > 0)
      throw new Refusal(400, `Bad key(s) in quota set: ${unknown.join(', ')}`);
    const quotas = { ...(await state.quotas.get(id)) };
    for (const [key, value] of wished) quotas[key] = limitOf(key, value, used[key] ?? 0);
    await state.commit([state.quotas.put(id, quotas)]);
  });
}

function limitOf(key: string, value: unknown, used: number): number {
  const limit = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < -1 || limit > largest)
    throw invalid(key, value, `${repr(value)} is not an integer from -1 to ${largest}`);
  if (limit >= 0 && limit < used && key !== 'per_volume_gigabytes')
    throw new Refusal(
      400,
      `Quota ${key} limit must be equal or greater than existing resources. Current usage is ${used} and the requested limit is ${limit}.`,
    );
  return limit;
}

function requireOwn(request: ApiRequest, id: string, what: string): void {
  if (id !== request.projectId) requireAdmin(request, `volume_extension:quotas:${what}`);
}
