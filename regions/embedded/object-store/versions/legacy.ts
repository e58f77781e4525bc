import type { Reply } from '../../http/reply.ts';
import { deletedType, isAlive } from '../find-object.ts';
import { versionName } from '../keys.ts';
import { noBytes } from '../object/store-body.ts';
import type { ContainerRecord, HeaderMap } from '../records.ts';
import { page, plain, statusReply } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { stamp } from '../times.ts';
import { unquote } from '../wire.ts';

/** The two older ways of versioning (versioned_writes/legacy.py): old copies go into a container that the user names. */
const stack = 'x-versions-location';
const history = 'x-history-location';

export function isLegacy(name: string): boolean {
  return name === stack || name === history;
}

/** What a request's headers order, as `merged` takes it: one way at most. Throws Refusals of 400 and 412. */
export function legacyHeaders(headers: HeaderMap): HeaderMap {
  const [versions, past] = [headers[stack], headers[history]];
  if ((versions ?? '') !== '' && (past ?? '') !== '')
    throw plain(400, `Only one of ${stack} or ${history} may be specified`);
  const location = versions !== undefined && versions !== '' ? versions : past;
  if (location !== undefined && location !== '') {
    if (location.includes('/')) throw page(412, 'Container name cannot contain slashes');
    return location === versions
      ? { [stack]: location, [history]: '' }
      : { [history]: location, [stack]: '' };
  }
  const isRemoval =
    versions !== undefined ||
    past !== undefined ||
    [stack, history].some((name) => (headers[`x-remove-${name.slice(2)}`] ?? '') !== '');
  return isRemoval ? { [stack]: '', [history]: '' } : {};
}

interface Place {
  readonly container: string;
  readonly object: string;
}

/** Before a PUT: what it replaces is kept. Throws a Refusal of 412 where the container for it is missing. */
export async function keepOld(
  core: Core,
  request: Request,
  { headers }: ContainerRecord,
): Promise<void> {
  const to = locationOf(headers);
  if (to !== undefined) await keep(core, request, to);
}

/** A DELETE: a stack's older copy comes back in its place; undefined: it is deleted as everywhere. */
export async function deleteKept(
  core: Core,
  request: Request,
  { headers }: ContainerRecord,
): Promise<Reply | undefined> {
  const to = locationOf(headers);
  if (to === undefined) return undefined;
  if (history in headers) {
    await keep(core, request, to);
    const at = core.state.tick();
    await core.state.change(request.account, async (change) => {
      if ((await change.container(to)) === undefined) throw page(412);
      const marker = { ...noBytes, contentType: deletedType, headers: {} };
      const name = prefixOf(request.object) + stamp(at);
      await change.putObject(to, name, { ...marker, changedAt: at, writtenAt: at });
    });
    return undefined;
  }
  return pop(core, request, to);
}

async function pop(core: Core, request: Request, from: string): Promise<Reply | undefined> {
  const [newest, next] = await newestTwo(core, request, from);
  if (newest === undefined) return undefined;
  if (!newest.isMarker) {
    await copy(core, request.account, { container: from, object: newest.name }, request);
    return remove(core, request.account, from, newest.name);
  }
  const { account, container, object } = request;
  // The marker is what was before: the object goes, and that is all.
  if (isAlive(core, await core.state.object(account, container, object))) return undefined;
  if (next !== undefined && !next.isMarker) {
    await copy(core, account, { container: from, object: next.name }, request);
    await remove(core, account, from, next.name);
  }
  return remove(core, account, from, newest.name);
}

async function newestTwo(
  core: Core,
  { account, object }: Request,
  container: string,
): Promise<readonly { readonly name: string; readonly isMarker: boolean }[]> {
  await core.state.settle(account, container);
  const prefix = prefixOf(object);
  const range = { gte: prefix, lt: `${prefix.slice(0, -1)}0`, reverse: true, limit: 2 };
  const found: { readonly name: string; readonly isMarker: boolean }[] = [];
  for await (const [name, row] of core.state.rows(account, container, 'object', range))
    found.push({ name, isMarker: row.contentType === deletedType });
  return found;
}

async function keep(core: Core, request: Request, container: string): Promise<void> {
  const { account, object } = request;
  const record = await core.state.object(account, request.container, object);
  if (!isAlive(core, record)) return;
  const name = prefixOf(object) + stamp(record.changedAt);
  await copy(core, account, request, { container, object: name });
}

/**
 * The record with bytes of its own: a large object's manifest, a link as a link. Of a link to a version,
 * which means nothing under another name, the version.
 */
async function copy(core: Core, account: string, from: Place, to: Place): Promise<void> {
  const { blobs } = core.state;
  const current = await core.state.object(account, from.container, from.object);
  if (!isAlive(core, current)) return;
  const { versionLink } = current;
  const record =
    versionLink === undefined
      ? current
      : await core.state.object(account, from.container, versionName(from.object, versionLink.id));
  if (record === undefined) return;
  const blob = record.blob === null ? null : await blobs.copy(record.blob);
  try {
    await core.state.change(account, async (change) => {
      if ((await change.container(to.container)) === undefined) throw page(412);
      const at = core.state.tick();
      const copied = { ...record, blob, changedAt: at, writtenAt: at };
      await change.putObject(to.container, to.object, copied);
    });
  } catch (error) {
    if (blob !== null) await blobs.remove(blob);
    throw error;
  }
}

async function remove(core: Core, account: string, container: string, name: string) {
  await core.state.change(account, (change) => change.deleteObject(container, name));
  return statusReply(204);
}

function locationOf(headers: HeaderMap): string | undefined {
  const location = headers[stack] ?? headers[history];
  return location === undefined ? undefined : (unquote(location) ?? location).split('/')[0];
}

/** `004name/`: the name's length in bytes before it, so that no name's copies are among another's. */
function prefixOf(object: string): string {
  return `${Buffer.byteLength(object).toString(16).padStart(3, '0')}${object}/`;
}
