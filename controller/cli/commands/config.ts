import type { Command } from 'commander';

import { answerNo, globalsOf } from '../context.ts';
import { print } from '../output.ts';
import { outages, regionColumns } from './status.ts';

export function addConfig(program: Command): void {
  program
    .command('config')
    .description('the configuration')
    .command('check')
    .description(
      'read it whole and ask every service of every region; exit status 1 unless all answer',
    )
    .action(async (_options: unknown, command: Command) => {
      const { config, output } = globalsOf(command);
      // Loaded when it is asked for: it takes all that talks to regions.
      const { checkConfig } = await import('../check-config.ts');
      const { file, regions } = await checkConfig(config);
      print(output, { file, regions }, regions, [
        ...regionColumns,
        { title: 'OBJECT STORE', value: ({ objectStore }) => objectStore ?? '' },
      ]);
      if (output === 'table')
        for (const line of regions.flatMap(outages)) process.stdout.write(`${line}\n`);
      if (!regions.every(({ services }) => services.every(({ up }) => up))) answerNo();
    });
}
