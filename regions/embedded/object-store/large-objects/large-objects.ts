import type { Reply } from '../../http/reply.ts';
import type { Found } from '../find-object.ts';
import type { Content, Core, Request } from '../request.ts';

/** What a large object has to say; undefined for what is none, or is asked for as a manifest. */
export function largeContent(
  _core: Core,
  _request: Request,
  _found: Found,
): Promise<Content | undefined> {
  return Promise.resolve(undefined);
}

/** PUT with `multipart-manifest=put`; undefined for any other. */
export function putManifest(_core: Core, _request: Request): Promise<Reply | undefined> {
  return Promise.resolve(undefined);
}

/** DELETE with `multipart-manifest=delete`; undefined for any other. */
export function deleteLarge(_core: Core, _request: Request): Promise<Reply | undefined> {
  return Promise.resolve(undefined);
}

/** Of PUT and POST of an object: `x-object-manifest`. Throws a Refusal of 400. */
export function checkLargeHeaders(_request: Request): void {
  return;
}
