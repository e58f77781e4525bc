import { hasStatus, RequestError } from '../http/request-error.ts';
import { refineError } from '../refine-error.ts';

/** For what only administrators may unless the cloud's policy file says otherwise (cinder/policies/). */
export function orRightMissing(error: unknown, right: string): unknown {
  if (!(error instanceof RequestError) || !hasStatus(error, 403)) return error;
  return refineError(error, {
    code: 'region.right-missing',
    message: `the right \`${right}\` is missing`,
    hint: `give Farshore's user the admin role in this project, or grant \`${right}\` in Cinder's policy file`,
  });
}
