import { FarshoreError } from '../../kernel/errors.ts';

export type NamedKind = 'policy' | 'group' | 'point' | 'session' | 'execution' | 'region';

export function notFound(kind: NamedKind, subject: string, hint?: string): FarshoreError {
  return new FarshoreError(`there is no such ${kind}`, {
    code: `${kind}.not-found`,
    kind: 'permanent',
    operation: `find ${kind}`,
    subject,
    hint: hint ?? `farshore ${kind} list shows what there is`,
  });
}

/** Something else stands in the way; the hint says what to do about it. */
export function refused(
  code: string,
  operation: string,
  subject: string,
  message: string,
  hint: string,
): FarshoreError {
  return new FarshoreError(message, { code, kind: 'permanent', operation, subject, hint });
}
