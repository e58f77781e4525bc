import { findObject } from '../find-object.ts';
import { type SymlinkRecord, targetOf } from '../records.ts';
import { Refusal } from '../../http/refusal.ts';
import { page, plain } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { quote, unquote } from '../wire.ts';
import { unquoted } from './conditions.ts';
import { announcedBytes } from './object-headers.ts';

export interface NewSymlink {
  readonly record: SymlinkRecord;
  /** Where the request says none. */
  readonly contentType: string;
}

const form = 'header must be of the form <container name>/<object name>';

/** What X-Symlink-Target orders; undefined without it. Throws Refusals of 400, 409 and 412. */
export async function newSymlink(core: Core, request: Request): Promise<NewSymlink | undefined> {
  const { headers } = request;
  const target = headers['x-symlink-target'];
  if (target === undefined) return undefined;
  if ((announcedBytes(headers) ?? 1) !== 0)
    throw plain(400, 'Symlink requests require a zero byte body');
  const [container, object] = containerAndObject(target, 'X-Symlink-Target');
  const account = accountOf(headers['x-symlink-target-account']);
  const path = { account: account ?? request.account, container, object };
  if (
    path.account === request.account &&
    container === request.container &&
    object === request.object
  )
    throw plain(400, 'Symlink cannot target itself');
  const record = { account: account ?? null, container, object };
  const etag = unquoted(headers['x-symlink-target-etag'] ?? '');
  if (/[;"\\]/.test(etag)) throw plain(400, 'Bad X-Symlink-Target-Etag format');
  if (etag === '') return { record, contentType: 'application/symlink' };
  const found = await targetFound(core, request, path);
  if (found.record.etag !== etag)
    throw plain(
      409,
      `Object Etag '${found.record.etag}' does not match X-Symlink-Target-Etag header '${etag}'`,
      { 'content-location': locationOf(path) },
    );
  return {
    record: { ...record, static: targetOf(found.record) },
    contentType: found.record.contentType,
  };
}

/** Of a header that names an object. Throws a Refusal of 412. */
export function containerAndObject(
  value: string,
  header: string,
): readonly [container: string, object: string] {
  const path = unquote(value);
  const isLink = header === 'X-Symlink-Target';
  const match =
    isLink && path?.startsWith('/') === true ? null : /^\/?([^/]+)\/(.+)$/s.exec(path ?? '');
  if (match === null) throw page(412, `${header} ${form}`);
  const [, container = '', object = ''] = match;
  return [container, object];
}

/** Of a header that names an account. Throws a Refusal of 412. */
export function accountOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const account = unquote(value);
  if (account === undefined || account === '') throw page(412, 'Account name cannot be empty');
  if (account.includes('/')) throw page(412, 'Account name cannot contain slashes');
  return account;
}

type Path = Pick<Request, 'account' | 'container' | 'object'>;

async function targetFound(core: Core, request: Request, path: Path) {
  try {
    // Soft links end the way here: a static one names what it can hold on to.
    return await findObject(core, {
      ...request,
      ...path,
      method: 'HEAD',
      query: new URLSearchParams(),
    });
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 404) throw error;
    throw plain(409, 'X-Symlink-Target does not exist', { 'content-location': locationOf(path) });
  }
}

function locationOf({ account, container, object }: Path): string {
  return `/v1/${quote(`${account}/${container}/${object}`)}`;
}
