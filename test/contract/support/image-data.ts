import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Outsider } from './outsider.ts';
import { qcow2 } from './qcow2.ts';

const mib = 1024 * 1024;

/** A raw image of random bytes under a chosen id, with properties and members. */
export async function makeRawImage(
  outsider: Outsider,
  wish: { readonly id: string; readonly name: string },
  sizeMiB: number,
): Promise<void> {
  await makeImage(outsider, {
    ...wish,
    disk_format: 'raw',
    ...{ min_disk: 1, min_ram: 64, tags: ['lts', 'db'], protected: true },
  });
  const block = randomBytes(mib);
  const blocks = function* () {
    for (let n = 0; n < sizeMiB; n += 1) {
      block.writeUInt32BE(n);
      yield Buffer.from(block);
    }
  };
  await upload(outsider, wish.id, Readable.from(blocks()), sizeMiB * mib);
  const members = `/v2/images/${wish.id}/members`;
  const member = 'image-mover-member';
  await outsider.json('image', 'POST', members, { member });
  await outsider.json('image', 'PUT', `${members}/${member}`, { status: 'accepted' });
}

export async function makeQcow2Image(
  outsider: Outsider,
  wish: { readonly id: string; readonly name: string },
): Promise<void> {
  await makeImage(outsider, { ...wish, disk_format: 'qcow2', os_hidden: true });
  const data = qcow2(randomBytes(2 * mib));
  await upload(outsider, wish.id, Readable.from([data]), data.length);
}

async function makeImage(outsider: Outsider, wish: object): Promise<void> {
  const shared = { container_format: 'bare', visibility: 'shared' };
  const properties = { os_distro: 'debian', hw_disk_bus: 'scsi' };
  await outsider.json('image', 'POST', '/v2/images', { ...shared, ...properties, ...wish });
}

async function upload(
  outsider: Outsider,
  id: string,
  stream: Readable,
  bytes: number,
): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream' };
  const body = { stream, bytes };
  await outsider.ask('image', 'PUT', `/v2/images/${id}/file`, { headers, body, expected: 204 });
}

/** All that a user sees of an image. */
export interface SeenImage {
  readonly image: Readonly<Record<string, unknown>>;
  readonly members: readonly unknown[];
}

interface Members {
  readonly members: readonly { readonly member_id: string; readonly status: string }[];
}

export async function lookAtImage(outsider: Outsider, id: string): Promise<SeenImage> {
  const path = `/v2/images/${id}`;
  const seen = (await outsider.json('image', 'GET', path)) as Record<string, unknown>;
  // A set: Glance gives it in any order.
  const image = { ...seen, tags: (seen['tags'] as string[]).toSorted() };
  if (seen['visibility'] !== 'shared') return { image, members: [] };
  const { members } = (await outsider.json('image', 'GET', `${path}/members`)) as Members;
  return { image, members: members.map(({ member_id, status }) => [member_id, status]) };
}

/** Of the bytes that a user downloads. */
export async function imageSha512(outsider: Outsider, id: string): Promise<string> {
  const hash = createHash('sha512');
  await outsider.read('image', `/v2/images/${id}/file`, (part) => hash.update(part));
  return hash.digest('hex');
}
