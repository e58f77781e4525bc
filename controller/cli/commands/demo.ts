import { type Command, InvalidArgumentError } from 'commander';

import type { ShopSize } from '../../demo/dataset.ts';
import { useLeanMemory } from '../lean-memory.ts';
import { stopSignal } from '../stop-signal.ts';

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'the main job on two embedded regions: protect, drill, lose a region, fail over, compare',
    )
    .option('--once', 'end after the failover; exit status 0 only when everything was proven')
    .option('--volumes <number>', 'volumes of 1 GiB', countFrom(1, 8), 1)
    .option('--objects <number>', 'objects in the container', countFrom(30, 100_000), 2_000)
    .action(async ({ once = false, ...size }: ShopSize & { once?: boolean }) => {
      useLeanMemory('region');
      const { runDemo } = await import('../../demo/demo.ts');
      await runDemo({ size, once, stop: stopSignal() });
    });
}

function countFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (Number.isInteger(count) && count >= least && count <= most) return count;
    throw new InvalidArgumentError(`expected a number from ${least} to ${most}`);
  };
}
