import { randomUUID } from 'node:crypto';
import type { ControllerService } from '../../../controller/service.ts';
import type { Member } from '../../../controller/model/types.ts';
import type { ProjectScope } from '../../../regions/region.ts';
import { waitForStatus } from '../../../regions/wait.ts';
import { collect } from '../../support/rejection.ts';
import type { Environment, RegionName } from '../environment.ts';
import { lookAt, makeContainer, type Seen } from './container-data.ts';
import { imageSha512, lookAtImage, makeQcow2Image } from './image-data.ts';
import type { Outsider } from './outsider.ts';
import { SwiftUser } from './swift-user.ts';

const objects = 50;

/** One volume, one image, one container with those beside it; all of one name. */
export interface Shop {
  readonly name: string;
  readonly volumeId: string;
  readonly imageId: string;
}

export async function makeShop(
  environment: Environment,
  outsider: Outsider,
  east: ProjectScope,
  name: string,
): Promise<Shop> {
  const volumeId = await makeVolume(environment, east, name);
  await environment.regions.east.writeVolume(volumeId, 3 * 1024 * 1024, { randomMiB: 6, seed: 9 });
  const imageId = randomUUID();
  await makeQcow2Image(outsider, { id: imageId, name });
  await makeContainer(new SwiftUser(outsider), name, objects);
  return { name, volumeId, imageId };
}

export async function makeVolume(
  { ambient }: Environment,
  { blockStorage }: ProjectScope,
  name: string,
): Promise<string> {
  const wish = { name, description: 'süß', sizeGib: 1, metadata: { tier: 'gold' } };
  const { id } = await blockStorage.createVolume(wish);
  await waitForStatus({
    clock: ambient.clock,
    operation: 'create volume',
    subject: id,
    stillMs: 240_000,
    done: ['available'],
    get: (signal) => blockStorage.getVolume(id, signal),
  });
  return id;
}

/** Protects members of these names from east to west, as seldom as can be: sessions are asked for. */
export async function protect(
  service: ControllerService,
  name: string,
  kinds: readonly Member['kind'][],
): Promise<void> {
  await service.applyPolicy({
    name,
    rpoSeconds: 86_400,
    rtoSeconds: 3_600,
    schedule: { every: 43_200, jitterSeconds: 0 },
    retention: { last: 5, hourly: 0, daily: 0, weekly: 0, monthly: 0 },
    targetRegion: 'west',
    changes: { limitPercent: 50, graceSeconds: 604_800 },
    verification: { periodSeconds: 2_592_000, bytesPerSecond: 52_428_800 },
    options: { volume: { maxIncrementals: 6 } },
  });
  await service.applyGroup({
    name,
    policy: name,
    source: { region: 'east', project: 'demo' },
    target: { project: 'demo', mappings: {} },
    members: kinds.map((kind) => ({ kind, nameOrId: name })),
    paused: false,
  });
}

/** All that users see of a shop in a region, whatever its ids are there. */
export interface SeenShop {
  readonly volumes: readonly unknown[];
  readonly images: readonly unknown[];
  readonly container: Seen;
}

const imageFields = ['name', 'disk_format', 'visibility', 'os_hidden', 'os_distro', 'hw_disk_bus'];

export async function lookAtShop(
  environment: Environment,
  region: RegionName,
  outsider: Outsider,
  scope: ProjectScope,
  name: string,
): Promise<SeenShop> {
  const { blockStorage, images } = scope;
  const volumes: unknown[] = [];
  for (const volume of await collect(blockStorage.listVolumes({ name }))) {
    const { id, description, sizeGib, metadata, bootable, status } = volume;
    const sha256 = await environment.regions[region].volumeSha256(id);
    volumes.push({ description, sizeGib, metadata, bootable, status, sha256 });
  }
  const found: unknown[] = [];
  for (const { id } of await collect(images.list({ name }))) {
    const { image } = await lookAtImage(outsider, id);
    const own = imageFields.map((field) => [field, image[field]]);
    found.push({ ...Object.fromEntries(own), sha512: await imageSha512(outsider, id) });
  }
  const container = await lookAt(new SwiftUser(outsider), name);
  return { volumes, images: found, container };
}
