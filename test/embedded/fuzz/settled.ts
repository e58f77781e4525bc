import { systemClock } from '../../../kernel/clock.ts';

/** Throws when it has not come true in half a minute. */
export async function settled(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await isSo()) return;
    await systemClock.sleep(100);
  }
  throw new Error('it did not settle');
}
