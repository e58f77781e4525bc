import type { Reply } from '../../http/reply.ts';
import { guessedType } from '../content-type.ts';
import { authorizedContainer, isAlive } from '../find-object.ts';
import { checkLargeHeaders, putManifest } from '../large-objects/large-objects.ts';
import { checkMetadata, limits } from '../metadata.ts';
import { checkQuotas } from '../quotas.ts';
import type { SymlinkRecord } from '../records.ts';
import { notFound, page, plain } from '../refusals.ts';
import { type Core, isTrue, type Request } from '../request.ts';
import { linkVersion } from '../versions/link-version.ts';
import { keepOld } from '../versions/legacy.ts';
import { announcedBytes, deleteAtOf, keptHeaders, reservedParameter } from './object-headers.ts';
import { noBytes, storeBody, type StoredBytes } from './store-body.ts';
import { type Draft, storeObject } from './store-object.ts';
import { newSymlink } from './symlink.ts';

/** What a copy brings along that no client can say in headers. */
export interface Given {
  /** In place of the request's body. Its blob is the new object's, or removed. */
  readonly stored?: StoredBytes;
  readonly symlink?: SymlinkRecord;
}

/** PUT of an object; for copies too. */
export async function putObject(core: Core, request: Request, given: Given = {}): Promise<Reply> {
  const container = await authorizedContainer(core, request);
  if (container === undefined) throw notFound();
  const id = request.query.get('version-id') ?? '';
  if (id !== '') return linkVersion(core, request, container, id);
  await keepOld(core, request, container);
  checkLargeHeaders(request);
  const manifest = await putManifest(core, request);
  if (manifest !== undefined) return manifest;
  const link = given.symlink === undefined ? await newSymlink(core, request) : undefined;
  const head = draftHead(core, request, link?.contentType);
  const symlink = given.symlink ?? link?.record;
  const bytes = given.stored?.bytes ?? announcedBytes(request.headers);
  await checkQuotas(core, request, bytes);
  await checkIsNew(core, request);
  const stored =
    symlink === undefined ? (given.stored ?? (await storeBody(core, request))) : noBytes;
  return storeObject(core, request, {
    ...head,
    ...stored,
    ...(symlink === undefined ? {} : { symlink }),
  });
}

/**
 * All of a new object but its bytes; `type` where neither the request nor the name says one. Throws
 * Refusals of 400, 411 and 413.
 */
export function draftHead(
  core: Core,
  { headers, object }: Request,
  type: string = guessedType(object),
): Pick<Draft, 'contentType' | 'headers' | 'deleteAtSeconds'> {
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined && noneMatch.trim() !== '*')
    throw plain(400, 'If-None-Match only supports *');
  announcedBytes(headers);
  const length = Buffer.byteLength(object);
  if (length > limits.objectNameBytes)
    throw plain(400, `Object name length of ${length} longer than ${limits.objectNameBytes}`);
  const deleteAtSeconds = deleteAtOf(core, headers);
  checkMetadata(headers, 'object');
  if (/;\s*swift_/i.test(headers['content-type'] ?? '')) throw page(400, reservedParameter);
  const given = isTrue(headers['x-detect-content-type']) ? '' : (headers['content-type'] ?? '');
  return {
    contentType: given === '' ? type : given,
    headers: keptHeaders(headers),
    ...(deleteAtSeconds === undefined ? {} : { deleteAtSeconds }),
  };
}

/** `If-None-Match: *` before the body is read; storeObject sees whoever was faster meanwhile. */
async function checkIsNew(core: Core, request: Request): Promise<void> {
  if (request.headers['if-none-match'] === undefined) return;
  const { account, container, object } = request;
  if (isAlive(core, await core.state.object(account, container, object))) throw page(412);
}
