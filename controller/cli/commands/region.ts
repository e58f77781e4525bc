import { type Command, InvalidArgumentError, Option } from 'commander';

import { useLeanMemory } from '../lean-memory.ts';
import { numberFrom } from '../number-option.ts';
import type { RegionOptions } from '../serve-region.ts';

const portNumber = numberFrom(0, 65_535);

export function addRegion(program: Command): void {
  program
    .command('region')
    .description('embedded regions, for demos and tests')
    .command('serve')
    .description('run a small OpenStack region in this process until it is told to stop')
    .requiredOption('--name <name>', 'its name in the catalogue', regionName)
    .requiredOption('--data <dir>', 'directory of all that it keeps')
    .option('--port <port>', 'where it listens; 0 takes a free one', portNumber, 5_000)
    .option('--host <address>', 'on which address', '127.0.0.1')
    .option('--control-port <port>', 'where faults are ordered; 0 takes a free one', portNumber)
    .option('--password <text>', 'of the users admin and demo, when it is new', 'secret')
    .addOption(
      new Option('--object-store <kind>', 'Swift, or as the Ceph Object Gateway behaves')
        .choices(['swift', 'rgw'])
        .default('swift'),
    )
    .option(
      '--chunk-mib <number>',
      'size of a backup’s objects; cinder-backup’s own 50 if not given',
      numberFrom(1, 1_024),
    )
    .action(async (options: RegionOptions) => {
      useLeanMemory('region');
      // Only who serves loads what serving takes.
      const { serveRegion } = await import('../serve-region.ts');
      await serveRegion(options);
    });
}

function regionName(text: string): string {
  if (/^[\w.-]{1,255}$/.test(text)) return text;
  throw new InvalidArgumentError('letters, digits, dots, hyphens and underscores.');
}
