import type { Reply } from '../../http/reply.ts';
import { authorizedContainer, isAlive } from '../find-object.ts';
import { versionName } from '../keys.ts';
import { checkLargeHeaders } from '../large-objects/large-objects.ts';
import { checkMetadata } from '../metadata.ts';
import { omit } from '../omit.ts';
import type { ObjectRecord } from '../records.ts';
import { html, notFound, page, plain, statusReply } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { quote } from '../wire.ts';
import { deleteAtOf, keptHeaders } from './object-headers.ts';

/**
 * POST of an object: its metadata anew. On a link of versioning it reaches the version too; on a
 * user's symlink it stays there, and the answer says so.
 */
export async function postObject(core: Core, request: Request): Promise<Reply> {
  const { account, container, object, headers } = request;
  const found = await authorizedContainer(core, request);
  if ((request.query.get('version-id') ?? '') !== '')
    throw page(400, 'POST to a specific version is not allowed');
  if ('x-symlink-target' in headers)
    throw plain(400, 'A PUT request is required to set a symlink target');
  if (found === undefined) throw notFound();
  checkMetadata(headers, 'object');
  checkLargeHeaders(request);
  const deleteAtSeconds = deleteAtOf(core, headers);
  return core.state.change(account, async (change) => {
    const record = await change.object(container, object);
    if (!isAlive(core, record)) throw notFound();
    const changed = changedBy(request, record, core.state.tick());
    await change.putObject(container, object, {
      ...changed,
      ...(deleteAtSeconds === undefined ? {} : { deleteAtSeconds }),
    });
    const { versionLink, symlink } = record;
    if (versionLink !== undefined) {
      const name = versionName(object, versionLink.id);
      const version = await change.object(container, name);
      if (version === undefined) throw notFound();
      const kept = changedBy(request, version, core.state.tick());
      await change.putObject(container, name, kept);
    }
    if (symlink === undefined) return statusReply(202);
    const path = `${symlink.account ?? account}/${symlink.container}/${symlink.object}`;
    return {
      status: 307,
      headers: { 'content-type': html, location: `/v1/${quote(path)}` },
      body: 'The requested POST was applied to a symlink. POST directly to the target to apply requested metadata.',
    };
  });
}

function changedBy({ headers }: Request, record: ObjectRecord, changedAt: number): ObjectRecord {
  const type = headers['content-type'] ?? '';
  return {
    ...omit(record, 'deleteAtSeconds'),
    changedAt,
    headers: keptHeaders(headers),
    ...(type === '' ? {} : { contentType: type }),
  };
}
