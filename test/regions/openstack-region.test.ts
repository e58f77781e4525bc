import { expect } from 'chai';
import { describeError } from '../../kernel/errors.ts';
import { silentLog } from '../../kernel/log.ts';
import type { Credentials } from '../../regions/identity/cloud-config.ts';
import { openRegion } from '../../regions/openstack-region.ts';
import { defaultMaxCalls } from '../../regions/region-config.ts';
import type { Region } from '../../regions/region.ts';
import { FakeKeystone } from '../support/fake-keystone.ts';
import { type Reply, type Seen, serve, type TestServer } from '../support/http-server.ts';
import { rejection } from '../support/rejection.ts';
import { HastyClock } from './http/rig.ts';

const password = (text: string): Credentials => ({
  kind: 'password',
  user: { name: 'op', domain: { id: 'default' } },
  password: text,
  project: { name: 'home', domain: { id: 'default' } },
});

/** A clock that is moved by hand; waits between attempts are over at once. */
class MovedClock extends HastyClock {
  offsetMs = 0;
  readonly #real = new HastyClock(20_000);
  override monotonicMs = (): number => this.#real.monotonicMs() + this.offsetMs;
}

interface Setting {
  readonly region: Region;
  readonly keystone: FakeKeystone;
  readonly server: TestServer;
  readonly clock: MovedClock;
}

async function withRegion(
  work: (setting: Setting) => Promise<void>,
  options: {
    credentials?: Credentials;
    regionName?: string;
    swift?: (seen: Seen) => Reply | undefined;
  } = {},
): Promise<void> {
  const keystone = new FakeKeystone();
  let url = '';
  await using server = await serve((seen) => {
    const { swift } = options;
    return keystone.answer(seen, url) ?? swift?.(seen) ?? { status: 200, body: [] };
  });
  url = server.url;
  const clock = new MovedClock(20_000);
  const region = openRegion(
    {
      name: 'east',
      cloud: {
        name: 'east-cloud',
        authUrl: `${url}/identity/v3`,
        credentials: options.credentials ?? password('right'),
        endpointInterface: 'public',
        tls: { verify: true },
      },
      regionName: options.regionName ?? 'RegionOne',
      swiftCluster: 'east',
      maxCalls: defaultMaxCalls,
    },
    { ambient: { clock, random: { next: () => 0, id: () => 'x' }, log: silentLog } },
  );
  try {
    await work({ region, keystone, server, clock });
  } finally {
    await region.close();
  }
}

const tokensSeen = (server: TestServer) =>
  server.seen
    .filter(({ url }) => url.startsWith('/swift'))
    .map(({ headers }) => headers['x-auth-token']);

describe('a region', () => {
  it('opens its own project with one token, however many ask at once', () =>
    withRegion(async ({ region, keystone }) => {
      const homes = await Promise.all(Array.from({ length: 20 }, () => region.home()));
      expect(keystone.issued).to.equal(1);
      expect(new Set(homes).size).to.equal(1);
      expect(homes[0]).to.include({
        ...{ region: 'east', projectId: 'p-home', projectName: 'home', userId: 'u1' },
      });
      expect(homes[0]!.objectStore.account).to.equal('AUTH_p-home');
    }));

  it('opens another project by name or id, its own domain first, and keeps it', () =>
    withRegion(async ({ region, keystone }) => {
      const byName = await region.project('other');
      expect(byName).to.include({ projectId: 'p-other' });
      expect(await region.project('p-other')).to.equal(byName);
      expect(await region.project('p-elsewhere')).to.include({ projectId: 'p-elsewhere' });
      expect(await region.project('home')).to.equal(await region.home());
      expect(keystone.issued).to.equal(3);
      const seenBefore = keystone.issued;
      await region.project('other');
      expect(keystone.issued).to.equal(seenBefore);
    }));

  it('tells a project that does not exist from one without a role', () =>
    withRegion(async ({ region }) => {
      const [unknown, noRole, hidden] = await Promise.all(
        ['nope', 'no-role', 'hidden'].map((name) => rejection(region.project(name))),
      );
      expect(unknown).to.include({ code: 'identity.project-unknown', kind: 'permanent' });
      expect(noRole!.code).to.equal('identity.right-missing');
      expect(noRole!.hint).to.contain('openstack role add --user op --project no-role');
      expect(hidden!.code).to.equal('identity.project-unknown');
      expect(hidden!.message).to.contain('has a role');
    }));

  it('with an application credential opens its own project and no other', () =>
    withRegion(
      async ({ region, server }) => {
        expect((await region.home()).projectName).to.equal('home');
        expect(await region.project('home')).to.equal(await region.home());
        const error = await rejection(region.project('other'));
        expect(error.code).to.equal('identity.right-missing');
        expect(error.message).to.contain("its own project 'home'");
        const { auth } = JSON.parse(server.seen[0]!.body.toString()) as { auth: object };
        expect(auth).to.deep.equal({
          identity: {
            methods: ['application_credential'],
            application_credential: { id: 'ac', secret: 'right' },
          },
        });
      },
      {
        credentials: { kind: 'application-credential', credential: { id: 'ac' }, secret: 'right' },
      },
    ));

  it('says that the password is wrong, and not what it is', () =>
    withRegion(
      async ({ region, keystone, server }) => {
        const error = await rejection(region.home());
        expect(error).to.include({ code: 'identity.credentials-refused', kind: 'permanent' });
        expect(describeError(error)).to.contain("cloud 'east-cloud'").and.not.contain('hunter2');
        expect([keystone.issued, server.seen.length]).to.deep.equal([0, 1]);
      },
      { credentials: password('hunter2') },
    ));

  it('names what the catalogue has when it lacks a service or the region', async () => {
    await withRegion(async ({ region, keystone }) => {
      keystone.services = ['volumev3', 'image'];
      const home = await region.home();
      const error = await rejection(home.objectStore.headContainer('c'));
      expect(error.code).to.equal('region.service-missing');
      expect(error.message).to.contain(
        "public endpoint of type object-store in region 'RegionOne'",
      );
      expect(error.hint).to.contain('image (public), volumev3 (public)');
    });
    await withRegion(
      async ({ region }) => {
        const home = await region.home();
        const error = await rejection(home.objectStore.headContainer('c'));
        expect(error.hint).to.contain('RegionOne').and.to.contain('region_name');
      },
      { regionName: 'regionone' },
    );
  });

  it('renews a token of 60 s when a fifth is left, once for all who need it', () =>
    withRegion(async ({ region, keystone, server, clock }) => {
      keystone.lifeSeconds = 60;
      const { objectStore } = await region.home();
      clock.offsetMs += 45_000;
      await objectStore.headContainer('c');
      clock.offsetMs += 4_000;
      await Promise.all(Array.from({ length: 8 }, () => objectStore.headContainer('c')));
      expect(keystone.issued).to.equal(2);
      expect(tokensSeen(server)).to.deep.equal(['p-home-1', ...Array<string>(8).fill('p-home-2')]);
    }));

  it('renews a long token five minutes before its end', () =>
    withRegion(async ({ region, keystone, clock }) => {
      keystone.lifeSeconds = 86_400;
      const { objectStore } = await region.home();
      clock.offsetMs += 86_100_000 - 5_000;
      await objectStore.headContainer('c');
      expect(keystone.issued).to.equal(1);
      clock.offsetMs += 6_000;
      await objectStore.headContainer('c');
      expect(keystone.issued).to.equal(2);
    }));

  it('renews once when many calls are refused at the same time', () =>
    withRegion(
      async ({ region, keystone, server }) => {
        const { objectStore } = await region.home();
        await Promise.all(Array.from({ length: 8 }, () => objectStore.headContainer('c')));
        expect(keystone.issued).to.equal(2);
        expect(tokensSeen(server).filter((token) => token === 'p-home-2')).to.have.lengthOf(8);
      },
      {
        swift: ({ url, headers }) =>
          url.startsWith('/swift') && headers['x-auth-token'] === 'p-home-1'
            ? { status: 401 }
            : undefined,
      },
    ));

  it('renews even while calls to Keystone itself take every place', () =>
    withRegion(async ({ region, keystone }) => {
      await region.home();
      keystone.revoked = 'p-home-1';
      const names = Array.from({ length: defaultMaxCalls + 4 }, (_, number) => `nope-${number}`);
      const errors = await Promise.all(names.map((name) => rejection(region.project(name))));
      expect(new Set(errors.map(({ code }) => code))).to.have.keys('identity.project-unknown');
      expect(keystone.issued).to.equal(2);
    }));

  it('uses a token to its end while Keystone is away, asking again only now and then', () =>
    withRegion(async ({ region, keystone, server, clock }) => {
      keystone.lifeSeconds = 100;
      const { objectStore } = await region.home();
      keystone.isDown = true;
      clock.offsetMs += 81_000;
      await objectStore.headContainer('c');
      const asked = server.seen.length;
      await objectStore.headContainer('c');
      expect(server.seen.length).to.equal(asked + 1);
      expect(tokensSeen(server)).to.deep.equal(['p-home-1', 'p-home-1']);
      clock.offsetMs += 20_000;
      const error = await rejection(objectStore.headContainer('c'));
      expect(error).to.include({ code: 'region.service-failed', kind: 'transient' });
      keystone.isDown = false;
      await objectStore.headContainer('c');
      expect(tokensSeen(server).at(-1)).to.equal('p-home-2');
    }));

  it('tells of each service whether it is up, and never throws', () =>
    withRegion(
      async ({ region, keystone }) => {
        const health = await region.probe(1_000);
        expect(health.map(({ service, up }) => [service, up])).to.deep.equal([
          ['identity', true],
          ['object-store', false],
          ['block-storage', true],
          ['image', false],
        ]);
        expect(health[1]!.reason).to.contain('object-store answered 403');
        expect(health[3]!.reason).to.match(/no answer .*within 1 s/);
        keystone.isDown = true;
        expect((await region.probe(200, AbortSignal.abort())).every(({ up }) => !up)).to.equal(
          true,
        );
      },
      {
        swift: ({ url }) =>
          url.startsWith('/swift')
            ? { status: 403 }
            : url.startsWith('/image')
              ? (new Promise(() => undefined) as never)
              : undefined,
      },
    ));
});
