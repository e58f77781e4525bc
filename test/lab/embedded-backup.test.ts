import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { systemRandom } from '../../kernel/random.ts';
import type { Backup } from '../../regions/block-storage/types.ts';
import type { ProjectScope } from '../../regions/region.ts';
import { waitForStatus, waitUntilGone } from '../../regions/wait.ts';
import type { Environment, RegionUnderTest } from '../contract/environment.ts';
import { openScopes, type Scopes } from '../contract/support/open.ts';
import { embeddedEnvironment } from '../embedded/environment.ts';
import { collect } from '../support/rejection.ts';
import { ambient, labEnvironment } from './environment.ts';

const { clock } = ambient;
const mib = 1 << 20;
const name = `embedded-backup-${systemRandom.id()}`;
const waits = {
  clock,
  operation: 'wait',
  subject: name,
  stillMs: 250_000,
  done: ['available'],
};

/** One side of an exchange: the region and a project's services in it. */
interface Side {
  readonly region: RegionUnderTest;
  readonly scope: ProjectScope;
}

describe('backups between the embedded Cinder and a real one', function () {
  this.timeout(600_000);
  let environments: readonly Environment[];
  let opened: readonly Scopes[];
  let real: Side;
  let embedded: Side;

  before(async () => {
    const [lab, small] = [await labEnvironment(), await embeddedEnvironment()];
    environments = [lab, small];
    const [labScopes, smallScopes] = [await openScopes(lab), await openScopes(small)];
    opened = [labScopes, smallScopes];
    real = { region: lab.regions.east, scope: labScopes.east };
    embedded = { region: small.regions.west, scope: smallScopes.west };
  });

  after(async () => {
    for (const each of [...opened, ...environments]) await each.close();
  });

  it('restores here what a real cinder-backup wrote', () => exchange(real, embedded));

  it('writes here what a real cinder-backup restores', () => exchange(embedded, real));
});

/** A full backup and an incremental of `from`, objects and records carried to `to`, restored there. */
async function exchange(from: Side, to: Side): Promise<void> {
  const source = await makeVolume(from);
  await from.region.writeVolume(source, 0, Buffer.from('begin'));
  await from.region.writeVolume(source, 70 * mib, { randomMiB: 60, seed: 7 });
  const full = await makeBackup(from, source, false);
  await from.region.writeVolume(source, 100 * mib, Buffer.alloc(3 * mib));
  await from.region.writeVolume(source, 400 * mib, Buffer.from('grown'));
  const child = await makeBackup(from, source, true);
  await carry(from, to, [full, child]);
  const target = await makeVolume(to);
  await to.scope.blockStorage.restoreBackup(child.id, target);
  await available(to, target);
  expect(await to.region.volumeSha256(target)).to.equal(await from.region.volumeSha256(source));
  for (const [{ scope }, volume] of [
    [from, source],
    [to, target],
  ] as const)
    await removeAll(scope, [child, full], volume);
}

async function makeVolume(side: Side): Promise<string> {
  const { id } = await side.scope.blockStorage.createVolume({ name, sizeGib: 1 });
  await available(side, id);
  return id;
}

async function available({ scope: { blockStorage } }: Side, id: string): Promise<void> {
  await waitForStatus({ ...waits, get: (signal) => blockStorage.getVolume(id, signal) });
}

async function makeBackup(
  { scope: { blockStorage } }: Side,
  volumeId: string,
  incremental: boolean,
): Promise<Backup> {
  const wish = { volumeId, name, incremental, force: false, container: name };
  const { id } = await blockStorage.createBackup(wish);
  return waitForStatus({ ...waits, get: (signal) => blockStorage.getBackup(id, signal) });
}

/** The objects as they are, then the records, oldest first. */
async function carry(from: Side, to: Side, backups: readonly Backup[]): Promise<void> {
  await to.scope.objectStore.putContainer(name);
  for (const row of await collect(from.scope.objectStore.list(name))) {
    const found = await from.scope.objectStore.get(name, row.name);
    if (found === null) throw new Error(`${row.name} vanished`);
    const body = await buffer(found.body);
    await to.scope.objectStore.put(name, row.name, body, { contentLength: body.length });
  }
  const { blockStorage } = to.scope;
  for (const { id } of backups) {
    await blockStorage.importRecord(await from.scope.blockStorage.exportRecord(id));
    await waitForStatus({ ...waits, get: (signal) => blockStorage.getBackup(id, signal) });
  }
}

async function removeAll(
  { blockStorage, objectStore }: ProjectScope,
  backups: readonly Backup[],
  volume: string,
): Promise<void> {
  for (const { id } of backups) {
    await blockStorage.deleteBackup(id);
    await waitUntilGone({ ...waits, get: (signal) => blockStorage.getBackup(id, signal) });
  }
  await blockStorage.deleteVolume(volume);
  expect(await collect(objectStore.list(name))).to.deep.equal([]);
  await objectStore.deleteContainer(name);
}
