import type { Table } from '../../store/tables.ts';
import { find } from '../api/find.ts';
import { actionOf, Input, noSuchAction } from '../api/input.ts';
import { type ApiRequest, requireAdmin } from '../api/request.ts';
import type { Routes } from '../api/router.ts';
import type { Cinder } from '../cinder.ts';
import { requireKnown } from '../volumes/reset.ts';

interface Kept {
  readonly id: string;
  readonly projectId: string;
  readonly status: string;
}

interface Resource<T> {
  readonly kind: 'backup' | 'snapshot';
  readonly table: Table<T>;
  /** That may be set, and Python's brackets around none of them. */
  readonly statuses: readonly string[];
  readonly brackets: '()' | '[]';
  /** As an error calls it. */
  readonly label: string;
  readonly forceDelete: (request: ApiRequest, record: T) => Promise<void>;
}

/**
 * What administrators may do to a snapshot or backup: `os-reset_status`, which writes what it is told
 * and nothing else, and `os-force_delete`.
 */
export function adminActions<T extends Kept>({ state }: Cinder, resource: Resource<T>): Routes {
  const { kind, table, statuses, brackets, label, forceDelete } = resource;
  const policy = (action: string): string => `volume_extension:${kind}_admin_actions:${action}`;
  const reset = async (request: ApiRequest, id: string, body: unknown): Promise<void> => {
    const wish = new Input('os-reset_status', body, ['status']).require('status');
    const status = (wish.text('status') ?? '').toLowerCase();
    requireKnown(label, status === '' ? ' ' : status, statuses, brackets);
    await find(request, kind, table, id);
    requireAdmin(request, policy('reset_status'));
    await state.update(table, id, () => ({ status }) as Partial<T>);
  };
  return {
    [`POST /${kind}s/:/action`]: async (request, id = '') => {
      const [name, value] = actionOf(await request.json());
      if (name !== 'os-reset_status' && name !== 'os-force_delete') throw noSuchAction(name);
      if (name === 'os-reset_status') {
        await reset(request, id, value);
        return { status: 202 };
      }
      const record = await find(request, kind, table, id);
      requireAdmin(request, policy('force_delete'));
      await forceDelete(request, record);
      return { status: 202 };
    },
  };
}
