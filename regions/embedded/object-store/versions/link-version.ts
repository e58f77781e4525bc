import type { Reply } from '../../http/reply.ts';
import { parseVersionId } from '../find-object.ts';
import { versionName } from '../keys.ts';
import {
  announcedBytes,
  deleteAtOf,
  keptHeaders,
  reservedParameter,
} from '../object/object-headers.ts';
import type { ContainerRecord } from '../records.ts';
import { omit } from '../omit.ts';
import { html, page, plain } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { lastModified, stamp } from '../times.ts';
import { linkTo } from './put-version.ts';

/** PUT with `version-id`: that version becomes the current one. Throws Refusals of 400 and 404. */
export async function linkVersion(
  core: Core,
  request: Request,
  container: ContainerRecord,
  versionId: string,
): Promise<Reply> {
  const id = parseVersionId(container, versionId);
  if ((announcedBytes(request.headers) ?? 1) !== 0)
    throw plain(400, 'PUT version-id requests require a zero byte body');
  const deleteAtSeconds = deleteAtOf(core, request.headers);
  return core.state.change(request.account, async (change) => {
    const version = await change.object(request.container, versionName(request.object, id));
    if (version === undefined) throw plain(404, 'The specified version does not exist');
    // Swift trips over its own mark of what is deleted.
    if (version.isDeleteMarker === true) throw page(400, reservedParameter);
    const changedAt = core.state.tick();
    const headers = keptHeaders(request.headers);
    const link = linkTo({ ...omit(version, 'slo'), headers, changedAt }, id, deleteAtSeconds);
    await change.putObject(request.container, request.object, link);
    return {
      status: 201,
      headers: {
        'content-type': html,
        'content-length': '0',
        etag: version.etag,
        'last-modified': lastModified(changedAt),
        'x-object-version-id': stamp(id),
      },
    };
  });
}
