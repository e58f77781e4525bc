import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';

import type { ApiClient } from '../../../../controller/cli/api-client.ts';
import { noise } from '../../../../controller/demo/content.ts';
import { systemClock } from '../../../../kernel/clock.ts';
import type { ProjectScope } from '../../../../regions/region.ts';
import { waitForStatus } from '../../../../regions/wait.ts';
import type { SceneRegion } from './scene-region.ts';

const mib = 1024 ** 2;
const objects = 30;

/** What one group protects: an image, a container, and a volume, which takes the longest, if at all. */
export interface Goods {
  readonly group: string;
  readonly volume: string | null;
  readonly container: string;
}

export async function makeGoods(
  region: SceneRegion,
  group: string,
  { hasVolume }: { readonly hasVolume: boolean },
): Promise<Goods> {
  const { scope } = region;
  const container = `${group}-docs`;
  const volume = hasVolume ? await makeVolume(scope, `${group}-data`) : null;
  if (volume !== null) await writeVolume(region.fileOf(volume), `${group} first`, 0, 4);
  await makeImage(scope, `${group}-base`, noise(`${group} base`, 2 * mib));
  await scope.objectStore.putContainer(container);
  await putObjects(scope, container, 'first', objects);
  return { group, volume, container };
}

/** More for the next session to ship; other content in every round. */
export async function change(region: SceneRegion, goods: Goods, round: string): Promise<void> {
  const { volume, group } = goods;
  if (volume !== null) await writeVolume(region.fileOf(volume), `${group} ${round}`, 8, 4);
  await putObjects(region.scope, goods.container, round, objects);
}

/** Policy and group; sessions only when ordered. */
export async function protect(
  client: ApiClient,
  { group, volume, container }: Goods,
): Promise<void> {
  await client.put('/policies/gold', {
    name: 'gold',
    objectives: { rpo: '48h', rto: '1h' },
    schedule: { every: '24h' },
    retention: { last: 20 },
    target: 'west',
  });
  await client.put(`/groups/${group}`, {
    name: group,
    policy: 'gold',
    source: { region: 'east', project: 'demo' },
    target: { project: 'demo' },
    members: [
      ...(volume === null ? [] : [{ volume }]),
      { images: { name: `${group}-*` } },
      { container },
    ],
  });
}

async function makeVolume({ blockStorage }: ProjectScope, name: string): Promise<string> {
  const { id } = await blockStorage.createVolume({ name, sizeGib: 1, metadata: {} });
  await waitForStatus({
    clock: systemClock,
    get: (signal) => blockStorage.getVolume(id, signal),
    done: ['available'],
    operation: 'make volume',
    subject: name,
    stillMs: 30_000,
  });
  return id;
}

async function writeVolume(path: string, name: string, atMib: number, mibs: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(noise(name, mibs * mib), 0, mibs * mib, atMib * mib);
  } finally {
    await file.close();
  }
}

async function makeImage({ images }: ProjectScope, name: string, data: Buffer): Promise<void> {
  const { id } = await images.create({
    id: randomUUID(),
    name,
    diskFormat: 'raw',
    containerFormat: 'bare',
    visibility: 'private',
    tags: [],
    properties: {},
  });
  await images.upload(id, Readable.from([data]), data.length);
}

async function putObjects(
  { objectStore }: ProjectScope,
  container: string,
  round: string,
  count: number,
): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const body = noise(`${container} ${round} ${index}`, 3_000 + index);
    await objectStore.put(container, `${round}/${index}`, body, { contentLength: body.length });
  }
}
