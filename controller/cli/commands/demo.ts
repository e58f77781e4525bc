import type { Command } from 'commander';

import type { ShopSize } from '../../demo/dataset.ts';
import { useLeanMemory } from '../lean-memory.ts';
import { numberFrom } from '../number-option.ts';
import { stopSignal } from '../stop-signal.ts';

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'the main job on two embedded regions: protect, drill, lose a region, fail over, compare',
    )
    .option('--once', 'end after the failover; exit status 0 only when everything was proven')
    .option('--volumes <number>', 'volumes of 1 GiB', numberFrom(1, 8), 1)
    .option('--objects <number>', 'objects in the container', numberFrom(30, 100_000), 2_000)
    .action(async ({ once = false, ...size }: ShopSize & { once?: boolean }) => {
      useLeanMemory('region');
      const { runDemo } = await import('../../demo/demo.ts');
      await runDemo({ size, once, stop: stopSignal() });
    });
}
