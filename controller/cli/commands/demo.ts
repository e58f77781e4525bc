import { type Command, InvalidArgumentError } from 'commander';

import { useLeanMemory } from '../lean-memory.ts';
import { stopSignal } from '../stop-signal.ts';

const mostObjects = 100_000;

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'the main job on two embedded regions: protect, drill, lose a region, fail over, compare',
    )
    .option('--once', 'end after the failover; exit status 0 only when everything was proven')
    .option('--objects <number>', 'objects in the container', countOf, 2_000)
    .action(async ({ once = false, objects }: { once?: boolean; objects: number }) => {
      useLeanMemory('region');
      const { runDemo } = await import('../../demo/demo.ts');
      await runDemo({ objects, once, stop: stopSignal() });
    });
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 30 && count <= mostObjects) return count;
  throw new InvalidArgumentError(`expected a number from 30 to ${mostObjects}`);
}
