import { FarshoreError } from '../../../kernel/errors.ts';

/** It stays so until somebody mends it: no use to try again at once. */
export function unusable(what: string, subject: string): FarshoreError {
  return new FarshoreError('its data cannot be had', {
    code: `${what}.unusable`,
    kind: 'permanent',
    operation: `read ${what}`,
    subject,
  });
}

export function missing(what: string, subject: string): FarshoreError {
  return new FarshoreError('it does not exist', {
    code: `${what}.not-found`,
    kind: 'permanent',
    operation: `read ${what}`,
    subject,
  });
}
