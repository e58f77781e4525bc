import { Refusal } from '../../http/refusal.ts';
import type { Reply } from '../../http/reply.ts';
import { stepsReply } from '../bulk/bulk.ts';
import { type Doomed, deleteSteps } from '../bulk/delete-steps.ts';
import { nameOf, splitPath } from '../bulk/names.ts';
import { findObject } from '../find-object.ts';
import { blobContent } from '../object/blob-content.ts';
import { page } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { isData, mostSegments, type Segment, storedManifest } from './manifest.ts';

/**
 * DELETE with `multipart-manifest=delete`: the segments, those of manifests within it, and then the
 * manifests; undefined for any other. Like a bulk request, it always answers 200 with a report.
 */
export function deleteLarge(core: Core, request: Request): Promise<Reply | undefined> {
  const isOne = request.query.get('multipart-manifest') === 'delete';
  return Promise.resolve(
    isOne
      ? stepsReply(core, request, (format) =>
          deleteSteps(core, request, doomedBy(core, request), format),
        )
      : undefined,
  );
}

interface Waiting {
  readonly path: string;
  readonly isManifest: boolean;
  readonly versionId?: string;
  readonly refused?: Refusal;
}

async function* doomedBy(core: Core, request: Request): AsyncGenerator<Doomed> {
  const { container, object, query } = request;
  const versionId = query.get('version-id');
  const version = versionId === null ? {} : { versionId };
  const queue: Waiting[] = [{ path: `/${container}/${object}`, isManifest: true, ...version }];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { path, isManifest, ...rest } = next;
    if (!isManifest) {
      yield { ...nameOf(path), ...rest };
      continue;
    }
    const segments = await segmentsOf(core, request, next);
    // It goes after its segments: cut short, it can be deleted again.
    if (segments instanceof Refusal) queue.push({ ...next, isManifest: false, refused: segments });
    else
      queue.push(
        ...segments.flatMap((segment) =>
          isData(segment) ? [] : [{ path: segment.name, isManifest: segment.sub_slo === true }],
        ),
        { ...next, isManifest: false },
      );
    if (queue.length > 10 * mostSegments)
      throw page(400, 'Too many buffered slo segments to delete.');
  }
}

async function segmentsOf(
  core: Core,
  request: Request,
  { path, versionId }: Waiting,
): Promise<readonly Segment[] | Refusal> {
  const query = new URLSearchParams(versionId === undefined ? {} : { 'version-id': versionId });
  try {
    const wanted = { ...request, ...splitPath(path), method: 'GET', query };
    const { record } = await findObject(core, wanted);
    if (record.slo === undefined) return page(400, 'Not an SLO manifest');
    const content = blobContent(core, record);
    const body = await content?.open(0, content.bytes - 1);
    return (body && (await storedManifest(body))) ?? page(400, 'Unable to load SLO manifest');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 404) return page(404, 'SLO manifest not found');
    if (error.status === 401) return page(401, '401 Unauthorized');
    return page(400, 'Unable to load SLO manifest or segment.');
  }
}
