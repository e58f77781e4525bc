import { FarshoreError } from '../../kernel/errors.ts';
import type { Session } from './types.ts';

/** Data times are this process's: what they are off by, every RPO is. */
const clocksApartMs = 120_000;

/** Before anything is captured; what was captured already has its times. */
export function assertClocks({ phase, group }: Session, aheadMs: number): void {
  if (phase !== 'capturing' || aheadMs < clocksApartMs) return;
  const minutes = Math.round(aheadMs / 60_000);
  throw new FarshoreError(
    `the clock of this controller is ${minutes} minutes ahead of a region's: no point is made with times that are not true`,
    {
      code: 'session.clocks-disagree',
      kind: 'permanent',
      operation: 'capture group',
      subject: group,
      hint: 'keep the clocks of controllers and regions in step (NTP), then run farshore group sync',
    },
  );
}
