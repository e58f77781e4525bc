import type { Reply } from '../../http/reply.ts';
import type { Change } from '../change.ts';
import { authorizedContainer, isAlive, parseVersionId } from '../find-object.ts';
import { versionName } from '../keys.ts';
import { deleteLarge } from '../large-objects/large-objects.ts';
import type { Ticks } from '../records.ts';
import { notFound, statusReply } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { stamp } from '../times.ts';
import { deleteKept } from '../versions/legacy.ts';
import { putDeleteMarker } from '../versions/put-version.ts';

/** DELETE of an object, or of one version. What is damaged or expired goes, though it answers 404. */
export async function deleteObject(core: Core, request: Request): Promise<Reply> {
  const large = await deleteLarge(core, request);
  if (large !== undefined) return large;
  const container = await authorizedContainer(core, request);
  if (container === undefined) throw notFound();
  const kept = await deleteKept(core, request, container);
  if (kept !== undefined) return kept;
  const versionId = request.query.get('version-id') ?? '';
  if (versionId !== '' && versionId !== 'null') {
    const id = parseVersionId(container, versionId);
    return core.state.change(request.account, (change) =>
      deleteVersion(request, change, id, versionId),
    );
  }
  return core.state.change(request.account, (change) =>
    deleteCurrent(core, request, change, versionId === 'null'),
  );
}

async function deleteCurrent(
  core: Core,
  { container, object }: Request,
  change: Change,
  isNull: boolean,
): Promise<Reply> {
  const { versions } = (await change.container(container)) ?? {};
  if (versions?.isEnabled === true && !isNull) {
    const at = core.state.tick();
    const wasThere = await putDeleteMarker(core, change, container, object, at);
    return deleted(wasThere, { 'x-object-version-id': stamp(at) });
  }
  const wasThere = isAlive(core, await change.object(container, object));
  await change.deleteObject(container, object);
  return deleted(wasThere);
}

async function deleteVersion(
  { container, object }: Request,
  change: Change,
  id: Ticks,
  versionId: string,
): Promise<Reply> {
  const name = versionName(object, id);
  const isThere = (await change.object(container, name)) !== undefined;
  const current = (await change.object(container, object))?.versionLink?.id;
  await change.deleteObject(container, name);
  if (current === id) await change.deleteObject(container, object);
  const isOther = current !== undefined && current !== id;
  return deleted(isThere, {
    'x-object-version-id': versionId,
    'x-object-current-version-id': isOther ? stamp(current) : 'null',
  });
}

function deleted(wasThere: boolean, headers: Readonly<Record<string, string>> = {}): Reply {
  return statusReply(wasThere ? 204 : 404, headers);
}
