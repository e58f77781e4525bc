import { isResellerAdmin } from './acl.ts';
import { page } from './refusals.ts';
import type { Core, Request } from './request.ts';

const ofAccount = 'x-account-meta-quota-bytes';
const ofContainer = {
  bytes: 'x-container-meta-quota-bytes',
  count: 'x-container-meta-quota-count',
} as const;
const digits = /^\d+$/;

/**
 * Before an object of that size (undefined: not known yet) is written; what it replaces is not taken
 * off, and one of unknown size gets in while there is room at all. Throws a Refusal of 413.
 */
export async function checkQuotas({ state }: Core, request: Request, bytes = 0): Promise<void> {
  const container = await state.container(request.account, request.container);
  if (container === undefined) return;
  const account = isResellerAdmin(request.access)
    ? undefined
    : await state.account(request.account);
  const hasRoom =
    isWithin(container.bytes + bytes, container.headers[ofContainer.bytes]) &&
    isWithin(container.objects + 1, container.headers[ofContainer.count]) &&
    isWithin((account?.bytes ?? 0) + bytes, account?.headers[ofAccount]);
  if (!hasRoom) throw page(413, 'Upload exceeds quota.');
}

function isWithin(value: number, quota = ''): boolean {
  return !digits.test(quota) || value <= Number(quota);
}

/** Of a PUT or POST of an account or a container. Throws a Refusal of 400 or 403. */
export function checkQuotaHeaders({ headers, container, access }: Request): void {
  const isBad = (value = '') => value !== '' && !digits.test(value);
  if (container !== '') {
    if (isBad(headers[ofContainer.bytes])) throw page(400, 'Invalid bytes quota.');
    if (isBad(headers[ofContainer.count])) throw page(400, 'Invalid count quota.');
    return;
  }
  const isRemoved = (headers[ofAccount.replace('x-', 'x-remove-')] ?? '') !== '';
  const value = isRemoved ? '' : headers[ofAccount];
  if (value === undefined) return;
  if (!isResellerAdmin(access)) throw page(403);
  if (isBad(value)) throw page(400);
}
