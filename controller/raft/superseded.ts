import { z } from 'zod';
import { parseJson } from './member-record.ts';
import { type RaftDir, readIfThere } from './raft-dir.ts';

const schema = z.object({ epoch: z.number(), at: z.string(), site: z.string() });

/** The forcing of quorum by which this site's member was left behind; null: none that was heard of. */
export async function supersededBy({
  superseded,
}: RaftDir): Promise<z.output<typeof schema> | null> {
  const found = schema.safeParse(parseJson((await readIfThere(superseded)) ?? ''));
  return found.success ? found.data : null;
}
