import { FarshoreError } from '../../kernel/errors.ts';
import type { ServiceClient } from '../http/service-client.ts';

/** The last part of the endpoint; the usual name where the region has no object store. */
export async function accountOf(client: ServiceClient): Promise<string> {
  try {
    const { pathname } = new URL(await client.endpoint());
    const last = decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1));
    // Ceph RGW without `rgw_swift_account_in_url`: the token alone says whose the account is.
    return /^v\d+(\.\d+)?$/.test(last) ? usualAccount(client.projectId) : last;
  } catch (error) {
    // Other services of the scope are of use without it; a call to it fails with this same error.
    if (error instanceof FarshoreError && error.code === 'region.service-missing')
      return usualAccount(client.projectId);
    throw error;
  }
}

export function usualAccount(projectId: string): string {
  return `AUTH_${projectId}`;
}

/** Another project's account: the same reseller prefix with the other id. Throws `object-store.account-unknown`. */
export function siblingAccount(account: string, projectId: string, otherId: string): string {
  if (account.endsWith(projectId)) return account.slice(0, -projectId.length) + otherId;
  throw new FarshoreError(`account '${account}' is not named after its project '${projectId}'`, {
    code: 'object-store.account-unknown',
    kind: 'permanent',
    operation: 'find account of project',
    subject: otherId,
    hint: 'the endpoint of object-store in the catalogue should end in AUTH_%(project_id)s',
  });
}
