import { Refusal } from '../../http/refusal.ts';
import { notFound } from '../api/find.ts';
import type { ApiRequest } from '../api/request.ts';
import type { Cinder } from '../cinder.ts';
import type { BackupRecord } from '../state/records.ts';
import { all } from '../state/state.ts';
import { SwiftAccount } from '../swift-driver/swift.ts';
import { reasonOf } from './run.ts';

/** Accepts the deletion (`deleting`) or throws 400. Forced, it also stops a backup under way. */
export async function deleteBackup(
  cinder: Cinder,
  request: ApiRequest,
  { id }: BackupRecord,
  isForced: boolean,
): Promise<void> {
  const { state } = cinder;
  const backup = await state.exclusive(async () => {
    const found = await state.backups.get(id);
    if (found === undefined) throw notFound.backup(id);
    if (!isForced && found.status !== 'available' && found.status !== 'error')
      throw new Refusal(400, 'Invalid backup: Backup status must be available or error');
    const children = await all(
      state.backups,
      ({ parentId, projectId }) => parentId === id && projectId === request.projectId,
    );
    if (children.length > 0)
      throw new Refusal(400, 'Invalid backup: Incremental backups exist for this backup.');
    const change = { status: 'deleting', updatedAtMs: state.now() };
    await state.commit([state.backups.put(id, { ...found, ...change })]);
    return found;
  });
  cinder.jobs.start(backup.volumeId, () => run(cinder, request.requester.token, id));
}

async function run(cinder: Cinder, token: string, id: string): Promise<void> {
  const { state, jobs } = cinder;
  const backup = await state.backups.get(id);
  if (backup === undefined) return;
  try {
    const account = new SwiftAccount(cinder.objectStore, token, backup.projectId, jobs.signal);
    if (backup.service !== null) await removeObjects(account, backup);
  } catch (error) {
    if (jobs.signal.aborted) throw error;
    await state.update(state.backups, id, () => ({ status: 'error', failReason: reasonOf(error) }));
    return;
  }
  await forget(cinder, id);
}

/** Every object below the prefix. A listing that fails is passed over, as the driver does. */
export async function removeObjects(
  swift: SwiftAccount,
  { container, serviceMetadata }: Pick<BackupRecord, 'container' | 'serviceMetadata'>,
): Promise<void> {
  if (container === null || serviceMetadata === null) return;
  const names = await swift.list(container, serviceMetadata).catch(() => []);
  for (const name of names) await swift.remove(container, name);
}

/** Removes the record; its parent has one dependent less. */
export async function forget({ state }: Cinder, id: string): Promise<void> {
  await state.exclusive(async () => {
    const backup = await state.backups.get(id);
    const parentId = backup?.parentId;
    const parent = typeof parentId === 'string' ? await state.backups.get(parentId) : undefined;
    const dependents = Math.max((parent?.dependents ?? 0) - 1, 0);
    await state.commit([
      state.backups.del(id),
      ...(parent === undefined ? [] : [state.backups.put(parent.id, { ...parent, dependents })]),
    ]);
  });
}
