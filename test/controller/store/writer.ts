import { writeSync } from 'node:fs';
import { LevelStore } from '../../../controller/store/level-store.ts';
import { put, unchanged, type Key } from '../../../controller/store/store.ts';

/** A process of its own: writes pairs as fast as it can and prints each number once it is acknowledged. */
const store = await LevelStore.open(process.argv[2]!);
const padding = 'x'.repeat(Number(process.argv[3] ?? 0));
const left = (n: number): Key<unknown> => ({ path: `left/${String(n).padStart(8, '0')}` });
const right = (n: number): Key<unknown> => ({ path: `right/${String(n).padStart(8, '0')}` });
const start = (await store.range({ path: 'left/' })).length;

try {
  for (let n = start; ; n++) {
    const pair = [put(left(n), { n, padding }), put(right(n), { n })];
    const outcome = await store.transact([unchanged(left(n), null)], pair);
    if (!outcome.committed) throw new Error('someone else wrote');
    writeSync(1, `${n}\n`);
  }
} catch (error) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  writeSync(1, `failed ${code}\n`);
}
