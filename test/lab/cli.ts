import { parseArgs } from 'node:util';

import { stringify } from 'yaml';

import { clouds, openrc } from './clouds.ts';
import { Lab } from './lab.ts';
import { answering } from './probe.ts';
import { LabUnavailableError } from './runtime.ts';
import { demo } from './scenario/demo.ts';
import {
  type RegionName,
  type Topology,
  defaultLabName,
  isRegionName,
  isTopology,
} from './topology.ts';

const usage = `npm run lab -- <command> [--name ${defaultLabName}]
  up [--topology separate|stretched]   start both regions, or what lacks of them
     [--rgw east|west]                 with Ceph's RGW for Swift in that region
  status                               which services of which region answer
  cut|heal <region>                    take it off the network, put it back
  kill|start <region>                  power cut, and back
  pause|unpause <region>               freeze every process, and thaw
  env <region>                         exports for a shell (an openrc)
  clouds                               a clouds.yaml with entries east and west
  demo [--topology separate|stretched] protect a shop, cut east off, fail over, compare
  down                                 remove both regions and their data`;

class UsageError extends Error {}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string', default: defaultLabName },
    topology: { type: 'string' },
    rgw: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

async function main(): Promise<void> {
  const [command = 'help', argument] = positionals;
  if (command === 'help' || values.help) console.log(usage);
  else if (command === 'up') await up();
  else if (command === 'down') await Lab.down(values.name);
  else if (command === 'demo') await demo(topologyOf() ?? 'separate', console.log);
  else await withLab(command, argument);
}

async function withLab(command: string, argument: string | undefined): Promise<void> {
  const lab = await Lab.find(values.name);
  if (!lab) throw new Error(`There is no lab ${values.name}: \`npm run lab -- up\` starts it.`);
  if (command === 'status') await status(lab);
  else if (command === 'clouds') console.log(stringify(clouds(lab)));
  else if (command === 'env') console.log(openrc(lab, regionOf(argument)));
  else await change(lab, command, regionOf(argument));
}

async function up(): Promise<void> {
  const { name } = values;
  const topology = topologyOf();
  const started = Date.now();
  const rgw = values.rgw === undefined ? undefined : regionOf(values.rgw);
  const lab = await Lab.up({
    name,
    ...(topology && { topology }),
    ...(rgw && { rgw }),
    say: console.error,
  });
  console.error(`up after ${Math.round((Date.now() - started) / 1000)} s`);
  await status(lab);
}

function topologyOf(): Topology | undefined {
  const { topology } = values;
  if (topology !== undefined && !isTopology(topology)) throw new UsageError(usage);
  return topology;
}

async function change(lab: Lab, command: string, region: RegionName): Promise<void> {
  switch (command) {
    case 'cut':
    case 'heal':
    case 'kill':
    case 'start':
    case 'pause':
    case 'unpause': {
      await lab[command](region);
      return;
    }
    default:
      throw new UsageError(usage);
  }
}

async function status(lab: Lab): Promise<void> {
  console.log(`${lab.name}: ${lab.form}`);
  for (const region of lab.regions) {
    const { State } = await region.container.inspect();
    const connected = await lab.isConnected(region.name);
    const services = Object.entries(await answering(region.address))
      .map(([service, up]) => `${service} ${up ? 'up' : 'DOWN'}`)
      .join(', ');
    const link = connected ? 'connected' : 'CUT';
    console.log(`${region.name} ${region.address}: ${State.Status}, ${link}; ${services}`);
  }
}

function regionOf(text: string | undefined): RegionName {
  if (text !== undefined && isRegionName(text)) return text;
  throw new UsageError(usage);
}

try {
  await main();
} catch (error) {
  const plain = error instanceof UsageError || error instanceof LabUnavailableError;
  console.error(plain ? error.message : error);
  process.exitCode = plain ? 2 : 1;
}
