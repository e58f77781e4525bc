import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { systemClock } from '../../../kernel/clock.ts';
import { silentLog } from '../../../kernel/log.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { EmbeddedRegion } from '../../../regions/embedded/region.ts';
import { openRegion } from '../../../regions/openstack-region.ts';
import { defaultMaxCalls } from '../../../regions/region-config.ts';
import type { ProjectScope, Region } from '../../../regions/region.ts';
import { rejection } from '../../support/rejection.ts';
import { ServerProcess } from '../../support/server-process.ts';

const ambient = { clock: systemClock, random: systemRandom, log: silentLog };
const domain = { id: 'default' } as const;

function clientOf(name: string, url: string, user = 'admin', password = 'secret'): Region {
  return openRegion(
    {
      name,
      regionName: name,
      swiftCluster: name,
      maxCalls: defaultMaxCalls,
      cloud: {
        name,
        authUrl: `${url}/v3`,
        credentials: {
          kind: 'password',
          user: { name: user, domain },
          password,
          project: { name: 'demo', domain },
        },
        endpointInterface: 'public',
        tls: { verify: true },
      },
    },
    { ambient },
  );
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'region-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Work with our own client for a while. */
async function visiting<T>(client: Region, work: (scope: ProjectScope) => Promise<T>): Promise<T> {
  try {
    return await work(await client.home());
  } finally {
    await client.close();
  }
}

async function objectText({ objectStore }: ProjectScope): Promise<string> {
  const download = await objectStore.get('box', 'thing');
  return text(download!.body);
}

const putThing = async ({ objectStore }: ProjectScope): Promise<void> => {
  await objectStore.putContainer('box');
  await objectStore.put('box', 'thing', Readable.from([Buffer.from('hello')]), {
    contentLength: 5,
  });
};

describe('an embedded region', () => {
  it('is whole for our own client, keeps what it has, and says why it does not open', () =>
    withFolder(async (folder) => {
      const directory = join(folder, 'east');
      const open = () => EmbeddedRegion.open({ name: 'east', directory, ambient });
      const region = await open();
      const client = clientOf('east', region.url);
      const health = await client.probe(5_000);
      expect(health.map(({ service, up }) => [service, up])).to.deep.equal([
        ['identity', true],
        ['object-store', true],
        ['block-storage', true],
        ['image', true],
      ]);
      await visiting(client, putThing);

      const held = await rejection(open());
      expect(held).to.include({ code: 'embedded.directory-held', subject: directory });
      const port = Number(new URL(region.url).port);
      const elsewhere = { name: 'b', directory: join(folder, 'b'), ambient };
      const taken = await rejection(EmbeddedRegion.open({ ...elsewhere, port }));
      expect(taken).to.include({ code: 'embedded.address-unusable' });
      expect(taken.message).to.equal('the port is in use');
      await writeFile(join(folder, 'file'), '');
      const file = { ...elsewhere, directory: join(folder, 'file', 'x') };
      const unusable = await rejection(EmbeddedRegion.open(file));
      expect(unusable).to.include({ code: 'embedded.directory-unusable' });

      await region.close();
      const again = await open();
      expect(await visiting(clientOf('east', again.url), objectText)).to.equal('hello');
      await again.close();
    }));

  it('goes down and comes up again at its address', () =>
    withFolder(async (folder) => {
      const region = await EmbeddedRegion.open({ name: 'east', directory: folder, ambient });
      const { url, faults } = region;
      const ask = () => fetch(`${url}/v3`);
      expect((await ask()).status).to.equal(200);
      for (let round = 0; round < 2; round++) {
        faults.set({ down: 'refused' });
        await region.settled();
        const error = await ask().then(
          () => undefined,
          (reason: unknown) => reason as Error,
        );
        expect(error?.cause).to.have.property('code', 'ECONNREFUSED');
        faults.heal();
        await region.settled();
        expect((await ask()).status).to.equal(200);
      }
      faults.set({ down: 'refused' });
      await region.close();
    }));

  it('can share its identity and objects with another', () =>
    withFolder(async (folder) => {
      const east = await EmbeddedRegion.open({
        name: 'east',
        directory: join(folder, 'east'),
        ambient,
      });
      const west = await EmbeddedRegion.open({
        name: 'west',
        directory: join(folder, 'west'),
        ambient,
        stretchedFrom: east,
      });
      await visiting(clientOf('east', east.url), putThing);
      await visiting(clientOf('west', west.url), async (scope) => {
        expect(await objectText(scope)).to.equal('hello');
        await scope.images.create({
          name: 'only here',
          diskFormat: 'raw',
          containerFormat: 'bare',
          visibility: 'private',
        });
      });
      await visiting(clientOf('east', west.url), async ({ images }) => {
        for await (const { name } of images.list()) expect.fail(`east has ${name}`);
      });
      await west.close();
      await east.close();
    }));

  it('can have the ids of another', () =>
    withFolder(async (folder) => {
      const ids = { demoProject: 'ab'.repeat(16), demoUser: 'cd'.repeat(16) };
      const region = await EmbeddedRegion.open({
        name: 'east',
        directory: folder,
        ambient,
        ids,
        password: 'other',
      });
      await visiting(clientOf('east', region.url, 'demo', 'other'), (scope) => {
        expect(scope).to.include({ projectId: ids.demoProject, userId: ids.demoUser });
        return Promise.resolve();
      });
      await region.close();
    }));

  it('is served by the command line, killed without a warning, and served again', () =>
    withFolder(async (folder) => {
      const first = await ServerProcess.region(folder);
      await visiting(clientOf('east', first.url), putThing);
      await first.end('SIGKILL');
      const second = await ServerProcess.region(folder);
      expect(await visiting(clientOf('east', second.url), objectText)).to.equal('hello');
      expect(await second.end('SIGTERM')).to.equal(0);
    }));
});
