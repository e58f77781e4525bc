import { FarshoreError } from '../../../kernel/errors.ts';

export function missing(what: string, subject: string): FarshoreError {
  return new FarshoreError('it does not exist', {
    code: `${what}.not-found`,
    kind: 'permanent',
    operation: `read ${what}`,
    subject,
  });
}
