import type { Core, Request } from './request.ts';

/** Before an object of that size (undefined: not known yet) is written. Throws a Refusal of 413. */
export function checkQuotas(_core: Core, _request: Request, _bytes?: number): Promise<void> {
  return Promise.resolve();
}

/** Of a PUT or POST of an account or a container. Throws a Refusal of 400 or 403. */
export function checkQuotaHeaders(_request: Request): void {
  return;
}
