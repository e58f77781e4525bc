import type { Ambient } from '../../../kernel/ambient.ts';
import { describeError } from '../../../kernel/errors.ts';
import { hasStatus } from '../../../regions/http/request-error.ts';
import type { TargetContext } from '../../mover.ts';
import { quotaHeader } from '../naming.ts';
import type { ContainerPart } from '../types.ts';

/**
 * Writes one small object and deletes it: a container that nobody can write to was not recovered. Killed
 * between: an object whose name says what it was for.
 */
export async function tryWrite(
  container: string,
  part: ContainerPart,
  at: TargetContext,
  { random }: Ambient,
): Promise<{ readonly isAsExpected: boolean; readonly detail: string }> {
  const store = at.target.objectStore;
  const name = `.farshore-write-check-${random.id()}`;
  const headers = { 'content-type': 'text/plain', 'if-none-match': '*' };
  try {
    await store.put(container, name, 'x', { contentLength: 1, headers, signal: at.signal });
  } catch (error) {
    if (!hasStatus(error, 403, 413)) throw error;
    const hasQuota = Object.keys(part.headers).some((header) => quotaHeader.test(header));
    if (hasStatus(error, 413) && hasQuota)
      return {
        isAsExpected: true,
        detail: "the source's quota is used up: nothing can be written",
      };
    return { isAsExpected: false, detail: `nothing can be written: ${describeError(error)}` };
  }
  await store.delete(container, name, { signal: at.signal });
  return { isAsExpected: true, detail: 'it can be written to' };
}
