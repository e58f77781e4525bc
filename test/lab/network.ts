import { networkInterfaces } from 'node:os';

import { labels } from './topology.ts';
import { type Docker, engineStatus, unless } from './runtime.ts';

/** The first three numbers of the lab network's /24, e.g. `172.30.7`. Made when missing. */
export async function ensureNetwork(engine: Docker, name: string): Promise<string> {
  const existing = await networkPrefix(engine, name);
  if (existing !== undefined) return existing;
  const taken = await takenPrefixes(engine);
  for (let third = 0; third < 256; third += 1) {
    const prefix = `172.30.${third}`;
    if (taken.has(prefix)) continue;
    if (await create(engine, name, prefix)) return prefix;
  }
  throw new Error('No free /24 left in 172.30.0.0/16 for the lab: remove old labs or networks.');
}

async function create(engine: Docker, name: string, prefix: string): Promise<boolean> {
  try {
    await engine.createNetwork({
      Name: name,
      Driver: 'bridge',
      Labels: { [labels.lab]: name },
      IPAM: { Driver: 'default', Config: [{ Subnet: `${prefix}.0/24`, Gateway: `${prefix}.1` }] },
    });
    return true;
  } catch (error) {
    // 403: the pool overlaps one made since we looked, by another lab or outside the engine.
    if (engineStatus(error) === 403) return false;
    throw error;
  }
}

export async function networkPrefix(engine: Docker, name: string): Promise<string | undefined> {
  const found = await unless([404], engine.getNetwork(name).inspect());
  const subnet = found?.IPAM?.Config?.[0]?.Subnet;
  return subnet?.split('.').slice(0, 3).join('.');
}

/** Prefixes that some network of the engine or some interface of the host covers. */
async function takenPrefixes(engine: Docker): Promise<Set<string>> {
  const subnets = (await engine.listNetworks())
    .flatMap((network) => network.IPAM?.Config ?? [])
    .flatMap((config) => config.Subnet ?? []);
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const ranges = [...subnets, ...own.flatMap((address) => address.cidr ?? [])];
  const taken = new Set<string>();
  for (let third = 0; third < 256; third += 1) {
    if (ranges.some((range) => overlaps(range, third))) taken.add(`172.30.${third}`);
  }
  return taken;
}

function overlaps(cidr: string, third: number): boolean {
  const [address, lengthText] = cidr.split('/');
  const parts = (address ?? '').split('.').map(Number);
  if (parts.length !== 4) return false; // IPv6
  const shift = 32 - Math.min(Number(lengthText), 24);
  const number = parts.reduce((sum, part) => sum * 256 + part, 0);
  const ours = ((172 * 256 + 30) * 256 + third) * 256;
  return Math.floor(number / 2 ** shift) === Math.floor(ours / 2 ** shift);
}
