import { expect } from 'chai';
import { systemRandom } from '../../kernel/random.ts';
import { hasStatus } from '../../regions/http/request-error.ts';
import type { VolumeCopy } from '../../replicator/volume/types.ts';
import type { Execution } from '../../runbooks/execution/types.ts';
import { collect, rejection } from '../support/rejection.ts';
import type { RegionName, Suite } from './environment.ts';
import { RunningController } from './support/controller.ts';
import { openScopes, type Scopes } from './support/open.ts';
import { Outsider } from './support/outsider.ts';
import { removeNamed } from './support/remove.ts';
import {
  lookAtShop,
  makeShop,
  makeVolume,
  protect,
  type SeenShop,
  type Shop,
} from './support/shop.ts';

const mib = 1024 * 1024;

/** The whole of it, from a group's first session to its failover, through the composed controller. */
export const runbooksSuite: Suite = (environment) =>
  describe('runbooks', function () {
    this.timeout(600_000);
    const run = systemRandom.id().slice(0, 8);
    const shopName = `shop-${run}`;
    const frailName = `frail-${run}`;
    let scopes: Scopes;
    let outsiders: Record<RegionName, Outsider>;
    let controller: RunningController;
    let shop: Shop;
    let original: SeenShop;

    const lookIn = (region: RegionName): Promise<SeenShop> =>
      lookAtShop(environment(), region, outsiders[region], scopes[region], shop.name);

    /** Whatever a drill could leave in the secondary; an account's listing lags behind what is in containers. */
    async function inventory(): Promise<readonly string[]> {
      const { blockStorage, images, objectStore } = scopes.west;
      const containers: string[] = [];
      for await (const { name } of objectStore.listContainers()) {
        containers.push(name);
        for await (const row of objectStore.list(name)) containers.push(`${name}/${row.name}`);
      }
      const volumes = await collect(blockStorage.listVolumes());
      const backups = await collect(blockStorage.listBackups());
      const found = await collect(images.list());
      return [...containers, ...[...volumes, ...backups, ...found].map(({ id }) => id)];
    }

    before('a shop in east, a controller', async () => {
      const { regions } = environment();
      scopes = await openScopes(environment());
      outsiders = {
        east: await Outsider.login(regions.east),
        west: await Outsider.login(regions.west),
      };
      shop = await makeShop(environment(), outsiders.east, scopes.east, shopName);
      original = await lookIn('east');
      controller = await RunningController.start(environment(), `bank-${run}`);
      await protect(controller.service, shopName, ['volume', 'image', 'container']);
    });

    after(async () => {
      for (const name of [shopName, frailName])
        await controller.service.deleteGroup(name, { deletePoints: true });
      await controller.end();
      for (const scope of [scopes.east, scopes.west])
        for (const name of [shopName, frailName, `bank-${run}`])
          await removeNamed(environment(), scope, name);
      for (const outsider of Object.values(outsiders)) outsider.close();
      await scopes.close();
    });

    it('a session proves a point, and the next ships nothing', async () => {
      const first = await controller.sync(shopName);
      expect(first.moved.bytes).to.be.greaterThan(8 * mib);
      const second = await controller.sync(shopName);
      expect(second.moved).to.deep.equal({ bytes: 0, objects: 0 });
      const states = (await controller.points(shopName)).map(({ state }) => state);
      expect(states).to.deep.equal(['proven', 'proven']);
    });

    it('a drill verifies everything, leaves nothing and touches nothing', async () => {
      const there = await inventory();
      const execution = await controller.run('drill', shopName);
      expectSuccess(execution);
      expect(await inventory()).to.deep.equal(there);
      expect(await lookIn('east')).to.deep.equal(original);
      const status = await controller.service.groupStatus(shopName);
      expect(status).to.include({ state: 'protected', primary: 'east', generation: 1 });
    });

    it('a failover brings back all of it, byte for byte, and fences what was the primary', async function () {
      const execution = await controller.run('failover', shopName);
      expectSuccess(execution);
      const found = await lookIn('west');
      expect(found.volumes).to.deep.equal(original.volumes);
      expect(found.images).to.deep.equal(original.images);
      expect(found.container.headers).to.deep.equal(original.container.headers);
      for (const [name, facts] of Object.entries(original.container.objects))
        expect(found.container.objects[name], name).to.deep.equal(facts);
      expect(found.container.objects).to.have.all.keys(Object.keys(original.container.objects));
      const status = await controller.service.groupStatus(shopName);
      expect(status).to.include({ state: 'failed-over', primary: 'west', generation: 2 });
      if (environment().topology === 'stretched') return;
      const { blockStorage, objectStore } = scopes.east;
      expect(await blockStorage.getVolume(shop.volumeId)).to.include({ readOnly: true });
      const put = objectStore.put(shopName, 'late', 'x', { contentLength: 1 });
      expect(hasStatus(await rejection(put), 413)).to.equal(true);
    });

    it('a failover goes back to the newest point that is whole', async () => {
      const { east, west } = environment().regions;
      const id = await makeVolume(environment(), scopes.east, frailName);
      await east.writeVolume(id, 0, { randomMiB: 2, seed: 1 });
      const whole = await east.volumeSha256(id);
      await protect(controller.service, frailName, ['volume']);
      await controller.sync(frailName);
      await east.writeVolume(id, 8 * mib, { randomMiB: 2, seed: 2 });
      await controller.sync(frailName);
      const [newest, older] = await controller.points(frailName);
      const { manifest } = await controller.service.getPoint(frailName, newest!.id);
      const backup = (manifest.copies[0] as VolumeCopy).chain.at(-1)!;
      const { account } = scopes.west.objectStore;
      const object = `${backup.prefix}-00001`;
      await west.damageObject({ account, container: backup.container, object }, 'alter');
      const execution = await controller.run('failover', frailName);
      expectSuccess(execution);
      expect(execution.point).to.equal(older!.id);
      const notes = execution.steps.flatMap((step) => step.notes).join('\n');
      expect(notes).to.match(/damaged/);
      const [restored, ...others] = await collect(
        scopes.west.blockStorage.listVolumes({ name: frailName }),
      );
      expect(others).to.deep.equal([]);
      expect(await west.volumeSha256(restored!.id)).to.equal(whole);
    });
  });

function expectSuccess(execution: Execution): void {
  const failed = execution.steps.filter(({ state }) => state === 'failed');
  expect(execution.result, JSON.stringify(failed)).to.equal('succeeded');
}
