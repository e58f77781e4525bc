import { Refusal } from '../../http/refusal.ts';
import type { Reply } from '../../http/reply.ts';
import { Input } from '../api/input.ts';
import { type ApiRequest, requireAdmin } from '../api/request.ts';
import type { Cinder } from '../cinder.ts';
import type { VolumeRecord } from '../state/records.ts';
import { all } from '../state/state.ts';

const statuses = [
  'creating',
  'available',
  'deleting',
  'error',
  'error_deleting',
  'error_managing',
  'managing',
  'attaching',
  'in-use',
  'detaching',
  'maintenance',
  'restoring-backup',
  'error_restoring',
  'reserved',
  'awaiting-transfer',
  'backing-up',
  'error_backing-up',
  'error_extending',
  'downloading',
  'uploading',
  'retyping',
  'extending',
];
const attachStatuses = ['attached', 'detached'];

/** `os-reset_status`: writes what it is told and nothing else; detached also forgets the attachments. */
export async function resetVolume(
  { state }: Cinder,
  request: ApiRequest,
  { id }: VolumeRecord,
  body: unknown,
): Promise<Reply> {
  const allowed = ['status', 'attach_status', 'migration_status'];
  const wish = new Input('os-reset_status', body, allowed);
  const status = wish.text('status')?.toLowerCase() ?? '';
  const attachStatus = wish.text('attach_status')?.toLowerCase() ?? '';
  const migrationStatus = wish.text('migration_status')?.toLowerCase() ?? '';
  if (status === '' && attachStatus === '' && migrationStatus === '')
    throw new Refusal(
      400,
      "Must specify 'status', 'attach_status' or 'migration_status' for update.",
    );
  requireKnown('Volume status', status, statuses, '()');
  requireKnown('Volume attach status', attachStatus, attachStatuses, '[]');
  requireAdmin(request, 'volume_extension:volume_admin_actions:reset_status');
  const attachments = await all(state.attachments, ({ volumeId }) => volumeId === id);
  if (['deleting', 'error_deleting', 'detaching'].includes(status))
    throw new Refusal(400, `Cannot reset-state to ${status}`);
  if (status === 'in-use' && attachments.length === 0)
    throw new Refusal(
      400,
      'Cannot reset-state to in-use because volume does not have any attachments.',
    );
  if (attachStatus === 'detached')
    await state.commit(attachments.map((attachment) => state.attachments.del(attachment.id)));
  await state.update(state.volumes, id, () => ({
    ...(status === '' ? {} : { status }),
    ...(attachStatus === '' ? {} : { attachStatus }),
    ...(migrationStatus === ''
      ? {}
      : { migrationStatus: migrationStatus === 'none' ? null : migrationStatus }),
  }));
  return { status: 202 };
}

/** Throws 400 for a word that is none of these; the brackets are those of Python's tuple or list. */
export function requireKnown(
  what: string,
  word: string,
  known: readonly string[],
  brackets: '()' | '[]',
): void {
  if (word === '' || known.includes(word)) return;
  const list = known.map((each) => `'${each}'`).join(', ');
  throw new Refusal(
    400,
    `${what}: ${word} is invalid, valid statuses are: ${brackets.charAt(0)}${list}${brackets.charAt(1)}.`,
  );
}
