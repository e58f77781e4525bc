import { systemClock } from '../../kernel/clock.ts';
import { systemRandom } from '../../kernel/random.ts';
import { openSites } from '../compose/open-sites.ts';
import { createLog } from '../compose/pino-log.ts';
import { loadConfig } from '../config/load-config.ts';
import type { RegionStatus } from '../service.ts';

const probeTimeoutMs = 15_000;

/** Reads the configuration and asks every service of every region. */
export async function checkConfig(
  path: string,
): Promise<{ readonly file: string; readonly regions: readonly RegionStatus[] }> {
  const config = await loadConfig({ path, cwd: process.cwd(), env: process.env });
  const ambient = { clock: systemClock, random: systemRandom, log: createLog('error') };
  const { sites, close } = openSites(config, ambient, {});
  const regions = await Promise.all(
    sites.names.map(async (name) => ({
      name,
      services: await sites.region(name).probe(probeTimeoutMs),
    })),
  );
  await close();
  return { file: config.file, regions };
}
