import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../kernel/clock.ts';
import { leanStart } from '../../../controller/cli/lean-memory.ts';
import { Process } from '../../../controller/demo/processes.ts';
import { Lab } from '../../lab/lab.ts';
import { waitForServices } from '../../lab/probe.ts';
import type { Region } from '../../lab/region.ts';
import { Distance, Relay } from './distance.ts';

/** A lab of the benchmark's own: its west is emptied again and again. */
const labName = 'farshore-bench';

/** Two regions, the first of which holds what is copied; users and projects as the lab's. */
export interface Servers {
  /** Keystone's, without `/v3`. */
  readonly urls: Readonly<Record<'east' | 'west', string>>;
  /** West as it was when it was made: nothing that an earlier run left speeds or slows the next. */
  emptyWest(): Promise<void>;
  close(): Promise<void>;
}

/** Real Swifts in the lab's containers, which stay up afterwards; west as far away as is asked. */
export async function labServers(roundTripMs: number): Promise<Servers> {
  const lab = await Lab.up({ name: labName, topology: 'separate', say: console.log });
  const west = lab.region('west');
  const distance = roundTripMs === 0 ? null : await Distance.open(west, roundTripMs);
  return {
    urls: {
      east: `http://${lab.region('east').address}:5000`,
      west: `http://${west.address}:5000`,
    },
    emptyWest: () => emptySwift(west),
    close: async () => distance?.close(),
  };
}

const swiftServices = ['proxy', 'account', 'container', 'object', 'object-expirer']
  .concat('container-updater', 'object-updater')
  .map((name) => `swift-${name}`);

async function emptySwift(region: Region): Promise<void> {
  const names = swiftServices.join(' ');
  const steps = [
    `supervisorctl stop ${names}`,
    'rm -rf /srv/node/d1/* /srv/node/d2/*',
    // It remembers containers that are gone.
    'supervisorctl restart memcached',
    `supervisorctl start ${names}`,
  ];
  await region.run(['bash', '-ec', steps.join('\n')]);
  await waitForServices(region.address);
}

/** Embedded regions in processes of their own: fast enough for a million objects; west as far away as is asked. */
export async function embeddedServers(directory: string, roundTripMs = 0): Promise<Servers> {
  const start = (name: 'east' | 'west', port: string): Process => {
    const { flags, env } = leanStart('region');
    const data = join(directory, name);
    const args = ['region', 'serve', '--name', name, '--port', port, '--data', data];
    const logFile = join(directory, `${name}.log`);
    return new Process({ name, args, flags, env: withoutSettings(env), cwd: directory, logFile });
  };
  await mkdir(directory, { recursive: true });
  const east = start('east', '0');
  let west = start('west', '0');
  // Both are listened to from their beginning: each says its address once.
  const [eastUrl, westUrl] = await Promise.all([east.address(), west.address()]);
  const { port } = new URL(westUrl);
  const relay = roundTripMs === 0 ? null : await Relay.open(roundTripMs, [`0:${port}`]);
  const [relayed] = relay?.ports ?? [];
  return {
    // A region says of its services that they are where it was asked.
    urls: {
      east: eastUrl,
      west: relayed === undefined ? westUrl : `http://127.0.0.1:${relayed}`,
    },
    emptyWest: async () => {
      await west.stop(systemClock);
      await rm(join(directory, 'west'), { recursive: true, force: true });
      west = start('west', port);
      await west.address();
    },
    close: async () => {
      await relay?.close();
      await west.stop(systemClock);
      await east.stop(systemClock);
    },
  };
}

/** The surroundings' clouds and controllers are not the benchmark's. */
export function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const settings = /^(OS_|ST_|FARSHORE_|RCLONE_)/;
  return Object.fromEntries(Object.entries(env).filter(([key]) => !settings.test(key)));
}
