import { Readable } from 'node:stream';
import type { Access } from './access.ts';
import { settled } from './settled.ts';
import { Things } from './things.ts';

/** Makes one of each thing; what is in none of the kinds, requests seldom name. */
export async function seed(access: Access): Promise<Things> {
  const { scope, url, token } = access;
  const { objectStore, images, blockStorage } = scope;
  await objectStore.putContainer('fuzzed');
  for (const name of ['object', 'other', 'folder/inner'])
    await objectStore.put('fuzzed', name, 'object', { contentLength: 6 });
  const formats = { diskFormat: 'raw', containerFormat: 'bare', visibility: 'private' } as const;
  const image = await images.create({ name: 'fuzzed', ...formats });
  await images.upload(image.id, Readable.from([Buffer.from('image')]), 5);
  await bound(access);
  const volume = await blockStorage.createVolume({ name: 'fuzzed', sizeGib: 1 });
  await settled(async () => (await blockStorage.getVolume(volume.id))?.status === 'available');
  const snapshot = await blockStorage.createSnapshot({ volumeId: volume.id, name: 'fuzzed' });
  await settled(async () => (await blockStorage.getSnapshot(snapshot.id))?.status === 'available');
  const backup = await blockStorage.createBackup({
    volumeId: volume.id,
    snapshotId: snapshot.id,
    name: 'fuzzed',
    incremental: false,
    force: false,
  });
  await settled(async () => (await blockStorage.getBackup(backup.id))?.status === 'available');
  const make = async (kind: string): Promise<string> => {
    const response = await fetch(`${url}/v3/${kind}s`, {
      method: 'POST',
      headers: { 'x-auth-token': token, 'content-type': 'application/json' },
      body: JSON.stringify({ [kind]: { name: `fuzzed-${kind}` } }),
    });
    return ((await response.json()) as Record<string, { id: string }>)[kind]!.id;
  };
  const types: string[] = [];
  for await (const { id } of blockStorage.listVolumeTypes()) types.push(id);
  return new Things({
    container: ['fuzzed', 'second', 'third'],
    object: ['object', 'other', 'folder/inner', 'new', 'copied', 'a%20b', '%E2%82%AC'],
    account: [`AUTH_${scope.projectId}`, 'AUTH_none', 'AUTH_'],
    image: [image.id],
    tag: ['a', 'x', 'y'],
    schema: ['image', 'images', 'member', 'members', 'none'],
    volume: [volume.id],
    snapshot: [snapshot.id],
    backup: [backup.id],
    type: types,
    attachment: ['none'],
    key: ['a', 'b'],
    host: ['east', 'east@nfs'],
    project: [await make('project')],
    user: [await make('user')],
    role: [await make('role')],
    application_credential: ['none'],
    token: ['none'],
  });
}

/** Each volume is of 1 GiB at least, each backup reads one: a few are enough. */
async function bound({ scope: { projectId }, url, token }: Access): Promise<void> {
  const { status } = await fetch(`${url}/volume/v3/${projectId}/os-quota-sets/${projectId}`, {
    method: 'PUT',
    headers: { 'x-auth-token': token, 'content-type': 'application/json' },
    body: JSON.stringify({ quota_set: { volumes: 6, snapshots: 4, backups: 3 } }),
  });
  if (status !== 200) throw new Error(`the quota set was answered with ${status}`);
}
