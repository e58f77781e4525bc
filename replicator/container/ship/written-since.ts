import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ambient } from '../../../kernel/ambient.ts';
import { isoTime } from '../../../kernel/clock.ts';
import type { StoredObjects } from '../../bank/stored-objects.ts';
import type { SessionContext } from '../../mover.ts';

const fileName = 'container-written-since';
const probeKey = 'session';
/** Times in answers are whole seconds, and the bank's proxies may differ by a little. */
const marginMs = 5_000;

/**
 * When this session began to write into the bank, by the bank's own clock: told by the answer to a
 * small write of our own, so that no clocks of two machines are compared. Kept beside the
 * journals: as long as a later run counts on what an earlier one stored, it goes on with its time.
 */
export async function writtenSince(
  stored: StoredObjects,
  session: SessionContext,
  { clock }: Ambient,
): Promise<string> {
  const path = join(session.spoolDir, fileName);
  const before = await readFile(path, 'utf8').catch(ignoreMissing);
  if (before !== undefined && !Number.isNaN(Date.parse(before))) return before;
  const body = Buffer.from(session.sessionId);
  const written = await stored.put(probeKey, body, { bytes: body.length, signal: session.signal });
  const at = Date.parse(`${written.lastModified.slice(0, 23)}Z`);
  const since = isoTime((Number.isNaN(at) ? clock.now() : at) - marginMs);
  await mkdir(session.spoolDir, { recursive: true });
  await writeFile(`${path}.part`, since, { mode: 0o600 });
  await rename(`${path}.part`, path);
  return since;
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
