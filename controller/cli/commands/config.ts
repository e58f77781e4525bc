import type { Command } from 'commander';

import { systemClock } from '../../../kernel/clock.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { openSites } from '../../compose/open-sites.ts';
import { createLog } from '../../compose/pino-log.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { RegionStatus } from '../../service.ts';
import { answerNo, globalsOf } from '../context.ts';
import { print } from '../output.ts';
import { regionColumns } from './status.ts';

const probeTimeoutMs = 15_000;

export function addConfig(program: Command): void {
  program
    .command('config')
    .description('the configuration')
    .command('check')
    .description(
      'read it whole and ask every service of every region; exit status 1 unless all answer',
    )
    .action(async (_options: unknown, command: Command) => {
      const globals = globalsOf(command);
      const config = await loadConfig({
        path: globals.config,
        cwd: process.cwd(),
        env: process.env,
      });
      const ambient = { clock: systemClock, random: systemRandom, log: createLog('error') };
      const { sites, close } = openSites(config, ambient, () => undefined);
      const regions: readonly RegionStatus[] = await Promise.all(
        sites.names.map(async (name) => ({
          name,
          services: await sites.region(name).probe(probeTimeoutMs),
        })),
      );
      await close();
      print(globals.output, { file: config.file, regions }, regions, regionColumns);
      if (!regions.every(({ services }) => services.every(({ up }) => up))) answerNo();
    });
}
