import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createController, type Controller } from '../../../controller/compose/controller.ts';
import type { Config } from '../../../controller/config/config.ts';
import type { RebuildOrder } from '../../../controller/service/bank-types.ts';
import { silentLog } from '../../../kernel/log.ts';
import { systemClock } from '../../../kernel/clock.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { SwiftDocuments } from '../../../replicator/bank/documents.ts';
import { newKeyPair, type KeyPair } from '../../../replicator/bank/identity.ts';
import { partsOf, signedBytes } from '../../../replicator/bank/signed.ts';
import { testIdentity } from '../../support/identity.ts';
import { MemoryWorld } from '../../support/memory/movers.ts';
import { gold, specOf } from './fixtures.ts';
import { MemoryRegion, memorySites } from './memory-sites.ts';

export const reason = 'the disk of the controller burnt';
export const spec = specOf('shop', {
  target: { project: 'demo', mappings: { volumeTypes: { ssd: 'default' } } },
});

/**
 * Installation `one` made two points of group `shop` in west, and lost its state: `controller` is that of
 * installation `two`, which has none. Regions and movers are in memory.
 */
export class LostState {
  root!: string;
  east!: MemoryRegion;
  west!: MemoryRegion;
  world!: MemoryWorld;
  controller!: Controller;
  documents!: SwiftDocuments;
  lost!: { readonly id: string; readonly key: string };
  readonly keyPair = newKeyPair();

  /** An installation of its own, whose key is that of `installation`. */
  async open(installation: string, key = this.keyPair): Promise<Controller> {
    const dataDir = join(this.root, installation);
    const config = {
      dataDir,
      limits: { sessions: 2, resources: 2 },
      regions: new Map(),
    } as unknown as Config;
    const made = await createController({
      config,
      version: 'test',
      ambient: { clock: systemClock, random: systemRandom, log: silentLog },
      movers: this.world.movers,
      sites: {
        sites: memorySites(
          [this.east, this.west],
          join(dataDir, 'spool'),
          testIdentity(installation, key),
        ),
        close: () => Promise.resolve(),
      },
    });
    await made.start();
    return made;
  }

  async sync(content: string): Promise<void> {
    this.world.source.set(`volume/${this.lost.id}`, content);
    expect(await this.failure()).to.equal(null);
  }

  /** Of a session that the group is given now; null: it has none. */
  async failure() {
    const { service } = this.controller;
    const { id } = await service.syncGroup('shop');
    const ended = async () => (await service.session('shop', id)).summary;
    await this.until(async () => (await ended()).endedAt !== null);
    return (await ended()).error;
  }

  /** Unfenced, by order, to its end. */
  async failOver(): Promise<void> {
    const { service } = this.controller;
    const { id } = await service.runner.start({
      runbook: 'failover',
      group: 'shop',
      mode: 'failover',
      params: { unfenced: { reason: 'a test of it' }, fenceSeconds: 1 },
      dryRun: false,
    });
    await this.until(async () => (await service.getExecution(id)).state === 'ended');
  }

  async until(isSo: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 1000; tries++) {
      if (await isSo()) return;
      await systemClock.sleep(5);
    }
    expect.fail('it never was so');
  }

  async begin(): Promise<void> {
    this.root = await mkdtemp(join(tmpdir(), 'farshore-rebuild-'));
    [this.east, this.west] = [new MemoryRegion('east'), new MemoryRegion('west')];
    this.world = new MemoryWorld(systemClock);
    this.documents = new SwiftDocuments(this.west.demo.objectStore, 'farshore');
    const { id } = await this.east.demo.blockStorage.createVolume({ name: 'data', sizeGib: 1 });
    this.lost = { id, key: this.keyPair.fingerprint };
    this.world.source.set(`volume/${id}`, 'content');
    this.controller = await this.open('one');
    await this.controller.service.applyPolicy(gold);
    await this.controller.service.applyGroup(spec);
    await this.sync('content');
    await this.sync('changed');
    await this.controller.stop();
    this.controller = await this.open('two', newKeyPair());
  }

  async end(): Promise<void> {
    await this.controller.stop();
    await rm(this.root, { recursive: true });
  }

  rebuild(order: Partial<RebuildOrder> = {}) {
    return this.controller.service.banks.rebuild('west', {
      reason,
      trust: [this.lost.key],
      ...order,
    });
  }

  /** With `--replace`; its schedule may have begun a session of its own just then. */
  async replaced(order: Partial<RebuildOrder> = {}) {
    for (;;)
      try {
        return await this.rebuild({ ...order, replace: true });
      } catch (error) {
        expect(error).to.include({ code: 'group.in-use' });
        await systemClock.sleep(5);
      }
  }

  async points() {
    return (await this.controller.service.listPoints('shop')).map(
      ({ id, state, sequence, checked }) => ({
        id,
        state,
        sequence,
        depth: checked.depth,
      }),
    );
  }

  async reasons() {
    return new Map(
      (await this.controller.service.listPoints('shop')).map(({ id, kept }) => [id, kept.join()]),
    );
  }

  async names(prefix: string) {
    const found: string[] = [];
    for await (const name of this.documents.list(prefix)) found.push(name);
    return found;
  }

  /** The newest record of a group; the empty text: there is none. */
  async recordOf(group: string): Promise<string> {
    let newest = '';
    for await (const name of this.documents.list(`${group}/group/`)) newest = name;
    return newest;
  }

  /** The manifest as somebody else would leave it. */
  async rewrite(
    name: string,
    change: (text: string) => string,
    by: { readonly key: KeyPair } | null,
    documents = this.documents,
  ): Promise<void> {
    const { content } = partsOf((await documents.read(name))!);
    const changed = Buffer.from(change(content.toString()));
    const whole = (await documents.read(name))!;
    const body =
      by === null
        ? Buffer.concat([changed, whole.subarray(content.length)])
        : await signedBytes(changed, async (bytes) => {
            const { signature } = await testIdentity('x', by.key).sign(bytes);
            return signature;
          });
    await documents.write(name, body);
  }
}
