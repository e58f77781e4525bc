import { Refusal } from '../http/refusal.ts';
import type { Core, Request } from './request.ts';

/** Throws a Refusal of 401 for nobody and 403 for somebody who may not. */
export function authorize(_core: Core, request: Request): Promise<void> {
  if (request.access.kind === 'requester' && request.access.requester === undefined)
    throw new Refusal(401, 'no valid token');
  if (!isOwner(request)) throw new Refusal(403, 'not the own account');
  return Promise.resolve();
}

/** Whether the request may see and set what belongs to the account's owner: ACLs, keys, quotas. */
export function isOwner({ access, account }: Request): boolean {
  if (access.kind !== 'requester') return access.kind === 'trusted';
  return account === `AUTH_${access.requester?.project?.id ?? ''}`;
}

/** The value of `x-container-read` or `-write` as Swift keeps it. Throws a Refusal of 400. */
export function cleanAcl(_name: string, value: string): string {
  return value;
}
