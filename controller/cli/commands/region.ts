import { type Command, InvalidArgumentError } from 'commander';
import { stringify } from 'yaml';

import { systemClock } from '../../../kernel/clock.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { Control } from '../../../regions/embedded/faults/control.ts';
import { openError } from '../../../regions/embedded/open-error.ts';
import { EmbeddedRegion } from '../../../regions/embedded/region.ts';
import { serve as serveHttp } from '../../../regions/embedded/server.ts';
import { createLog } from '../../compose/pino-log.ts';
import { useLeanMemory } from '../lean-memory.ts';
import { stopSignal } from '../stop-signal.ts';

interface ServeOptions {
  readonly name: string;
  readonly port: number;
  readonly data: string;
  readonly host: string;
  readonly controlPort?: number;
  readonly password: string;
}

export function addRegion(program: Command): void {
  program
    .command('region')
    .description('embedded regions, for demos and tests')
    .command('serve')
    .description('run a small OpenStack region in this process until it is told to stop')
    .requiredOption('--name <name>', 'its name in the catalogue', regionName)
    .requiredOption('--data <dir>', 'directory of all that it keeps')
    .option('--port <port>', 'where it listens; 0 takes a free one', portNumber, 5000)
    .option('--host <address>', 'on which address', '127.0.0.1')
    .option('--control-port <port>', 'where faults are ordered; 0 takes a free one', portNumber)
    .option('--password <text>', 'of the users admin and demo, when it is new', 'secret')
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  useLeanMemory();
  const { name, host, port, data, password, controlPort } = options;
  const log = createLog('warn');
  const ambient = { clock: systemClock, random: systemRandom, log };
  const region = await EmbeddedRegion.open({
    name,
    directory: data,
    host,
    port,
    password,
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
    await stopSignal();
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

function regionName(text: string): string {
  if (/^[\w.-]{1,255}$/.test(text)) return text;
  throw new InvalidArgumentError('letters, digits, dots, hyphens and underscores.');
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('a number from 0 to 65535.');
}
