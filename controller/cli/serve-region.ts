import { stringify } from 'yaml';

import { systemClock } from '../../kernel/clock.ts';
import { systemRandom } from '../../kernel/random.ts';
import { Control } from '../../regions/embedded/faults/control.ts';
import { openError } from '../../regions/embedded/open-error.ts';
import { EmbeddedRegion } from '../../regions/embedded/region.ts';
import { serve as serveHttp } from '../../regions/embedded/server.ts';
import { createLog } from '../compose/pino-log.ts';
import { stopSignal } from './stop-signal.ts';

export interface RegionOptions {
  readonly name: string;
  readonly port: number;
  readonly data: string;
  readonly host: string;
  readonly controlPort?: number;
  readonly password: string;
  readonly objectStore: 'swift' | 'rgw';
  readonly chunkMib?: number;
}

/** An embedded region in this process until it is told to stop. */
export async function serveRegion(options: RegionOptions): Promise<void> {
  const { name, host, port, data, password, controlPort, chunkMib, objectStore } = options;
  const stopped = stopSignal();
  const log = createLog('warn');
  const ambient = { clock: systemClock, random: systemRandom, log };
  const region = await EmbeddedRegion.open({
    name,
    directory: data,
    host,
    port,
    password,
    objectStore,
    ...(chunkMib === undefined ? {} : { backupSettings: { chunkBytes: chunkMib * 1024 ** 2 } }),
    ambient,
  });
  try {
    const address = { host, port: controlPort ?? 0 };
    const control =
      controlPort === undefined
        ? undefined
        : await serveHttp([{ prefix: '', service: new Control(region) }], address, log).catch(
            (error: unknown) => {
              throw openError(error, { name, directory: data });
            },
          );
    process.stdout.write(`region '${name}' listens on ${region.url}\n`);
    if (control !== undefined) process.stdout.write(`faults are ordered at ${control.url}\n`);
    process.stdout.write(`\n${cloudsEntry(name, region.url, password)}`);
    await stopped;
    await control?.close();
  } finally {
    await region.close();
  }
}

/** What a client needs to find it. */
function cloudsEntry(name: string, url: string, password: string): string {
  const auth = {
    auth_url: `${url}/v3`,
    username: 'admin',
    password,
    project_name: 'demo',
    user_domain_id: 'default',
    project_domain_id: 'default',
  };
  const entry = { auth, region_name: name, identity_api_version: '3' };
  return `# clouds.yaml\n${stringify({ clouds: { [name]: entry } })}`;
}
