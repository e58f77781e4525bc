import type { Found } from '../find-object.ts';
import { page } from '../refusals.ts';
import type { Content, Core, Request } from '../request.ts';
import { dynamicContent } from './dynamic-content.ts';
import { manifestContent, staticContent } from './static-content.ts';

export { deleteLarge } from './delete-large.ts';
export { putManifest } from './put-manifest.ts';

/** What a large object has to say; undefined for what is none, or is asked for as it is stored. */
export async function largeContent(
  core: Core,
  request: Request,
  found: Found,
): Promise<Content | undefined> {
  const { slo, headers } = found.record;
  const isManifest = request.query.get('multipart-manifest') === 'get';
  if (slo !== undefined)
    return isManifest
      ? manifestContent(core, request, found)
      : staticContent(core, request, found, slo);
  const manifest = headers['x-object-manifest'];
  return manifest === undefined || isManifest ? undefined : dynamicContent(core, request, manifest);
}

/** Of PUT and POST of an object: `x-object-manifest`. Throws a Refusal of 400. */
export function checkLargeHeaders({ method, headers }: Request): void {
  if ('x-static-large-object' in headers)
    throw page(
      400,
      'X-Static-Large-Object is a reserved header. To create a static large object add query param multipart-manifest=put.',
    );
  const manifest = headers['x-object-manifest'];
  if (manifest === undefined || method !== 'PUT') return;
  if (!/^[^/?&]+\/[^/?&][^?&]*$/.test(manifest))
    throw page(400, 'X-Object-Manifest must be in the format container/prefix');
}
