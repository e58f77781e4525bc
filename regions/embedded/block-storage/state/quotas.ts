import { Refusal } from '../../http/refusal.ts';
import { all, type State } from './state.ts';

type Amounts = Readonly<Record<string, number>>;

const defaults: Amounts = {
  volumes: 10,
  per_volume_gigabytes: -1,
  snapshots: 10,
  gigabytes: 1_000,
  backups: 10,
  backup_gigabytes: 1_000,
};

/** Every quota's limit in a project, those of each volume type among them; -1: none. */
export async function limitsOf(state: State, projectId: string): Promise<Record<string, number>> {
  const set = (await state.quotas.get(projectId)) ?? {};
  const limits: Record<string, number> = { ...defaults };
  const types = await all(state.types);
  types.sort((a, b) => a.createdAtMs - b.createdAtMs || (a.name > b.name ? -1 : 1));
  for (const { name } of types)
    for (const kind of ['volumes', 'gigabytes', 'snapshots']) limits[`${kind}_${name}`] = -1;
  limits['groups'] = 10;
  for (const name of Object.keys(limits)) limits[name] = set[name] ?? limits[name] ?? -1;
  return limits;
}

/** What the project's records take, by the quotas' names; a snapshot's size counts among the gigabytes. */
export async function usageOf(state: State, projectId: string): Promise<Record<string, number>> {
  const used: Record<string, number> = {};
  const add = (name: string, amount: number): void => {
    used[name] = (used[name] ?? 0) + amount;
  };
  const names = new Map((await all(state.types)).map(({ id, name }) => [id, name]));
  const isOurs = (record: { readonly projectId: string }): boolean =>
    record.projectId === projectId;
  for (const kind of ['volumes', 'snapshots'] as const)
    for (const { sizeGib, typeId } of await all<{
      projectId: string;
      sizeGib: number;
      typeId: string;
    }>(state[kind], isOurs))
      for (const suffix of ['', `_${names.get(typeId) ?? ''}`]) {
        add(`${kind}${suffix}`, 1);
        add(`gigabytes${suffix}`, sizeGib);
      }
  for (const { sizeGib } of await all(state.backups, isOurs)) {
    add('backups', 1);
    add('backup_gigabytes', sizeGib);
  }
  return used;
}

/** What a creation takes: `kind` and a size, and the same of its volume type. */
export interface Wanted {
  readonly kind: 'volumes' | 'snapshots' | 'backups';
  readonly count: number;
  readonly sizeGib: number;
  readonly typeId?: string;
}

/** Throws Cinder's 413 when the project has no room; call it inside `exclusive`. */
export async function requireRoom(state: State, projectId: string, wanted: Wanted): Promise<void> {
  const { kind, count, sizeGib, typeId } = wanted;
  const limits = await limitsOf(state, projectId);
  const used = await usageOf(state, projectId);
  const type = typeId === undefined ? undefined : await state.types.get(typeId);
  const gigabytes = kind === 'backups' ? 'backup_gigabytes' : 'gigabytes';
  const amounts: [string, number][] = [
    [gigabytes, sizeGib],
    [kind, count],
  ];
  if (type !== undefined)
    for (const [name, amount] of [...amounts]) amounts.push([`${name}_${type.name}`, amount]);
  const over = amounts
    .filter(([name, amount]) => {
      const limit = limits[name] ?? -1;
      return limit >= 0 && amount > 0 && (used[name] ?? 0) + amount > limit;
    })
    .map(([name]) => name)
    .sort()[0];
  if (over === undefined) return;
  throw overLimit(explain(over, kind, sizeGib, limits[over] ?? 0, used[over] ?? 0));
}

/** Throws when one volume may not be as large. */
export async function requireSize(state: State, projectId: string, sizeGib: number): Promise<void> {
  const limit = (await limitsOf(state, projectId))['per_volume_gigabytes'] ?? -1;
  if (limit < 0 || sizeGib <= limit) return;
  throw overLimit(
    `VolumeSizeExceedsLimit: Requested volume size ${sizeGib}G is larger than maximum allowed limit ${limit}G.`,
  );
}

function overLimit(message: string): Refusal {
  return new Refusal(413, message, { 'retry-after': '0' });
}

function explain(
  over: string,
  kind: Wanted['kind'],
  sizeGib: number,
  limit: number,
  used: number,
): string {
  if (over.includes('gigabytes')) {
    const rest = `Requested ${sizeGib}G, quota is ${limit}G and ${used}G has been consumed.`;
    return kind === 'backups'
      ? `VolumeBackupSizeExceedsAvailableQuota: Requested backup exceeds allowed Backup gigabytes quota. ${rest}`
      : `VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed ${over} quota. ${rest}`;
  }
  if (kind === 'volumes')
    return `VolumeLimitExceeded: Maximum number of volumes allowed (${limit}) exceeded for quota '${over}'.`;
  return kind === 'snapshots'
    ? `SnapshotLimitExceeded: Maximum number of snapshots allowed (${limit}) exceeded`
    : `BackupLimitExceeded: Maximum number of backups allowed (${limit}) exceeded`;
}
