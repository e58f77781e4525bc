import { FarshoreError } from '../../kernel/errors.ts';
import { kinds } from '../kinds.ts';
import type { Copy } from '../mover.ts';
import type { RecoveryPoint } from './types.ts';

/** Of the manifest's envelope. A field more changes nothing; what a field means raises the number. */
export const manifestFormat = 2;

const understood: ReadonlySet<string> = new Set([
  `manifest/${manifestFormat}`,
  ...kinds.flatMap(({ name, schema }) => schema.formats.map((format) => `${name}/${format}`)),
]);

/** Throws for the first point whose needs nobody here knows: nothing beside it may be deleted. */
export function requireAllUnderstood(
  points: readonly Pick<RecoveryPoint, 'group' | 'id' | 'formats'>[],
  operation: string,
): void {
  const found = points.find((point) => !isUnderstood(point));
  if (found !== undefined)
    throw notUnderstood(operation, `${found.group}/${found.id}`, unknownFormats(found.formats));
}

export function notUnderstood(
  operation: string,
  subject: string,
  unknown: readonly string[],
): FarshoreError {
  return new FarshoreError(`this release does not know ${unknown.join(', ')}`, {
    code: 'point.not-understood',
    kind: 'permanent',
    operation,
    subject,
    hint: 'another release wrote it, and nothing is wrong with it: it is kept, and that release restores it',
  });
}

/** What has to be understood to use a point with these copies: `manifest/2`, `volume/1`. */
export function formatsOf(copies: readonly Pick<Copy, 'kind' | 'format'>[]): readonly string[] {
  const all = copies.map(({ kind, format }) => `${kind}/${format}`);
  return [`manifest/${manifestFormat}`, ...new Set(all)];
}

/** Those that this release does not know. */
export function unknownFormats(formats: readonly string[]): readonly string[] {
  return formats.filter((format) => !understood.has(format));
}

/**
 * False of a point that a newer release wrote. It is not damaged: it is kept, nothing that it may need
 * is deleted, and this release neither restores nor checks it.
 */
export function isUnderstood({ formats }: Pick<RecoveryPoint, 'formats'>): boolean {
  return unknownFormats(formats).length === 0;
}
