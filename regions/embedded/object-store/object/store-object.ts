import type { Reply } from '../../http/reply.ts';
import type { Change } from '../change.ts';
import { isAlive } from '../find-object.ts';
import type { ContainerRecord, ObjectRecord, Ticks } from '../records.ts';
import { html, notFound, page } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { lastModified, stamp } from '../times.ts';
import { putVersion } from '../versions/put-version.ts';

/** A new object, its bytes in a blob that nothing names yet. */
export type Draft = Omit<
  ObjectRecord,
  'changedAt' | 'writtenAt' | 'versionLink' | 'isDeleteMarker'
>;

/**
 * Puts it where the request says, as a version where versioning is on, and answers as PUT does.
 * Throws Refusals of 404 and 412, and removes the blob then.
 */
export async function storeObject(core: Core, request: Request, draft: Draft): Promise<Reply> {
  try {
    const { at, isVersion } = await core.state.change(request.account, async (change) => {
      const container = await change.container(request.container);
      if (container === undefined) throw notFound();
      await checkIsNew(core, request, change);
      return put(core, request, draft, container, change);
    });
    return {
      status: 201,
      headers: {
        'content-type': html,
        'content-length': '0',
        etag: draft.etag,
        'last-modified': lastModified(at),
        ...(isVersion ? { 'x-object-version-id': stamp(at) } : {}),
      },
    };
  } catch (error) {
    if (draft.blob !== null) await core.state.blobs.remove(draft.blob);
    throw error;
  }
}

async function checkIsNew(core: Core, request: Request, change: Change): Promise<void> {
  if (request.headers['if-none-match'] === undefined) return;
  if (isAlive(core, await change.object(request.container, request.object))) throw page(412);
}

async function put(
  core: Core,
  { container: name, object }: Request,
  draft: Draft,
  container: ContainerRecord,
  change: Change,
): Promise<{ readonly at: Ticks; readonly isVersion: boolean }> {
  const at = core.state.tick();
  const record = { ...draft, changedAt: at, writtenAt: at };
  const isVersion = container.versions?.isEnabled === true;
  if (isVersion) await putVersion(core, change, name, object, record);
  else await change.putObject(name, object, record);
  return { at, isVersion };
}
