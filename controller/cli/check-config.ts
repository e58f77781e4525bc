import { systemClock } from '../../kernel/clock.ts';
import { describeError } from '../../kernel/errors.ts';
import { systemRandom } from '../../kernel/random.ts';
import { abilitiesOf, describeStore } from '../../regions/object-store/abilities.ts';
import type { Region } from '../../regions/region.ts';
import { openSites } from '../compose/open-sites.ts';
import { createLog } from '../compose/pino-log.ts';
import { loadConfig } from '../config/load-config.ts';
import type { RegionStatus } from '../service.ts';

const probeTimeoutMs = 15_000;

export interface CheckedRegion extends RegionStatus {
  /** Which store it is and what can be protected there; absent when it did not say. */
  readonly objectStore?: string;
}

/** Reads the configuration and asks every service of every region. */
export async function checkConfig(
  path: string,
): Promise<{ readonly file: string; readonly regions: readonly CheckedRegion[] }> {
  const config = await loadConfig({ path, cwd: process.cwd(), env: process.env });
  const ambient = { clock: systemClock, random: systemRandom, log: createLog('error') };
  const { sites, close } = openSites(config, ambient, { identity: noIdentity });
  const regions = await Promise.all(
    sites.names.map(async (name) => {
      const region = sites.region(name);
      const services = await region.probe(probeTimeoutMs);
      const isUp = services.some(({ service, up }) => service === 'object-store' && up);
      return { name, services, ...(isUp ? { objectStore: await storeOf(region) } : {}) };
    }),
  );
  await close();
  return { file: config.file, regions };
}

/** What it cannot do is known before a group needs it. */
async function storeOf(region: Region): Promise<string> {
  try {
    const { objectStore } = await region.home(AbortSignal.timeout(probeTimeoutMs));
    const info = await objectStore.info(AbortSignal.timeout(probeTimeoutMs));
    return describeStore(abilitiesOf(info));
  } catch (error) {
    return `unknown: ${describeError(error)}`;
  }
}

/** Nothing is written by a check. */
function noIdentity(): Promise<never> {
  return Promise.reject(new Error('a check of the configuration uses no bank'));
}
