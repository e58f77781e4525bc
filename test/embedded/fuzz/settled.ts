import { systemClock } from '../../../kernel/clock.ts';

/** What never comes true is ended by mocha. */
export async function settled(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await systemClock.sleep(100);
}
