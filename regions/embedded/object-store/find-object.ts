import type { Refusal } from '../http/refusal.ts';
import { authorize } from './acl.ts';
import { versionName } from './keys.ts';
import type { ContainerRecord, ObjectRecord, Ticks } from './records.ts';
import { notFound, page, plain } from './refusals.ts';
import type { Core, Request } from './request.ts';
import { parseStamp, stamp } from './times.ts';
import { quote } from './wire.ts';

/** What a request for an object led to, symlinks followed and a version chosen. */
export interface Found {
  readonly account: string;
  readonly container: string;
  /** As in the state: a version's is a versionName. */
  readonly name: string;
  readonly record: ObjectRecord;
  /** Headers that the way here adds to the answer. */
  readonly headers: Readonly<Record<string, string>>;
}

export const deletedType = 'application/x-deleted;swift_versions_deleted=1';
const longestChain = 2;

interface Step {
  readonly account: string;
  readonly container: string;
  readonly name: string;
  /** What the link before said that would be found here. */
  readonly etag?: string;
  readonly links: number;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * For GET and HEAD, and for the source of a copy. Throws the Refusals of 401 and 403, of 404, of 400
 * for a bad version id, and of 409 for links that lead nowhere.
 */
export async function findObject(core: Core, request: Request): Promise<Found> {
  const container = await authorizedContainer(core, request);
  if (container === undefined) throw notFound();
  const id = request.query.get('version-id') ?? '';
  if (id !== '') return findVersion(core, request, container, id);
  const headers = container.versions === undefined ? {} : { 'x-object-version-id': 'null' };
  return walk(core, request, { ...request, name: request.object, links: 0, headers });
}

/** Undefined: there is none, and the requester might have used it. */
export async function authorizedContainer(
  core: Core,
  request: Request,
): Promise<ContainerRecord | undefined> {
  await authorize(core, request);
  return core.state.container(request.account, request.container);
}

/** What is there and has not expired. */
export function isAlive(core: Core, record: ObjectRecord | undefined): record is ObjectRecord {
  return (
    record !== undefined &&
    (record.deleteAtSeconds === undefined || record.deleteAtSeconds > core.state.nowSeconds())
  );
}

/** Throws a Refusal of 400. */
export function parseVersionId(record: ContainerRecord, id: string): number {
  if (record.versions === undefined)
    throw page(400, 'version-aware operations require that the container is versioned');
  const at = parseStamp(id);
  if (at === undefined) throw page(400, 'Invalid version parameter');
  return at;
}

async function findVersion(
  core: Core,
  request: Request,
  container: ContainerRecord,
  id: string,
): Promise<Found> {
  const isNull = id === 'null';
  const { object } = request;
  const name = isNull ? object : versionName(object, parseVersionId(container, id));
  const record = await core.state.object(request.account, request.container, name);
  const version = { 'x-object-version-id': id };
  if (record?.isDeleteMarker === true)
    throw page(404, '', { ...version, 'content-type': deletedType });
  // The current object is no null version when it is a link to another one.
  if (isNull && follows(request) && record?.versionLink !== undefined) throw notFound();
  const found = await walk(core, request, { ...request, name, links: 0, headers: {} });
  return { ...found, headers: { ...found.headers, ...version } };
}

function follows({ query }: Request): boolean {
  return query.get('symlink') !== 'get';
}

async function walk(core: Core, request: Request, step: Step): Promise<Found> {
  const { account, container, name, etag } = step;
  const record = await core.state.object(account, container, name);
  if (!isAlive(core, record)) throw away(404, '', step);
  const { versionLink, symlink } = record;
  if (!follows(request) || (versionLink === undefined && symlink === undefined)) {
    if (etag !== undefined && etag !== record.etag)
      throw away(
        409,
        `Object Etag '${record.etag}' does not match X-Symlink-Target-Etag header '${etag}'`,
        step,
      );
    const headers = { ...step.headers, ...linkHeaders(step, record) };
    return { account, container, name, record, headers };
  }
  const target = versionLink ?? symlink?.static;
  if (etag !== undefined && etag !== (target?.etag ?? record.etag))
    throw away(409, 'X-Symlink-Target-Etag headers do not match', step);
  if (step.links >= longestChain)
    throw plain(409, `Too many levels of symbolic links, maximum allowed is ${longestChain}`);
  const next =
    versionLink === undefined ? symlinkStep(step, record) : versionStep(step, versionLink.id);
  if (versionLink === undefined)
    await authorize(core, {
      ...request,
      account: next.account,
      container: next.container,
      object: next.name,
    });
  return walk(core, request, target === undefined ? next : { ...next, etag: target.etag });
}

/** Where versioning's own link leads: as long as links may be, it doesn't count. */
function versionStep({ account, container, name, links, headers }: Step, id: Ticks): Step {
  const location = `/v1/${quote(`${account}/${container}/${name}`)}?version-id=${stamp(id)}`;
  return {
    account,
    container,
    name: versionName(name, id),
    links,
    headers: {
      ...headers,
      'content-location': location,
      // Only of the container that was asked.
      ...('x-object-version-id' in headers && links === 0
        ? { 'x-object-version-id': stamp(id) }
        : {}),
    },
  };
}

function symlinkStep(step: Step, { symlink }: ObjectRecord): Step {
  const to = {
    account: symlink?.account ?? step.account,
    container: symlink?.container ?? '',
    name: symlink?.object ?? '',
  };
  return {
    ...to,
    links: step.links + 1,
    headers: {
      ...step.headers,
      'content-location': `/v1/${quote(`${to.account}/${to.container}/${to.name}`)}`,
      // What it leads to is no version of what was asked for.
      ...('x-object-version-id' in step.headers ? { 'x-object-version-id': 'null' } : {}),
    },
  };
}

/** `symlink=get` shows where the link leads. */
function linkHeaders(step: Step, record: ObjectRecord): Readonly<Record<string, string>> {
  const { versionLink, symlink } = record;
  const target = versionLink ?? symlink?.static;
  const about =
    target === undefined
      ? {}
      : { 'x-symlink-target-etag': target.etag, 'x-symlink-target-bytes': String(target.bytes) };
  if (versionLink !== undefined) {
    const id = stamp(versionLink.id);
    const path = `${quote(`${step.container}/${step.name}`)}?version-id=${id}`;
    return { ...about, 'x-symlink-target': path, 'x-object-version-id': id };
  }
  if (symlink === undefined) return {};
  return {
    ...about,
    'x-symlink-target': quote(`${symlink.container}/${symlink.object}`),
    ...(symlink.account === null ? {} : { 'x-symlink-target-account': quote(symlink.account) }),
  };
}

/** A Refusal that says how far the links led. */
function away(status: number, message: string, { headers }: Step): Refusal {
  return message === '' ? page(status, '', headers) : plain(status, message, headers);
}
