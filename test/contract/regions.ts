import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { systemRandom } from '../../kernel/random.ts';
import { Caller } from '../../regions/http/caller.ts';
import { RegionClock } from '../../regions/http/region-clock.ts';
import { Limits } from '../../regions/http/limits.ts';
import type { RequestEvent } from '../../regions/http/request-event.ts';
import { Transport } from '../../regions/http/transport.ts';
import type { CloudConfig } from '../../regions/identity/cloud-config.ts';
import { loadClouds } from '../../regions/identity/clouds.ts';
import { Keystone } from '../../regions/identity/keystone.ts';
import { ProjectSession } from '../../regions/identity/project-session.ts';
import { openRegion } from '../../regions/openstack-region.ts';
import { defaultMaxCalls } from '../../regions/region-config.ts';
import type { Region } from '../../regions/region.ts';
import { rejection } from '../support/rejection.ts';
import type { RegionUnderTest, Suite } from './environment.ts';
import { configOf } from './support/open.ts';
import { Outsider } from './support/outsider.ts';

/** As an operator's clouds.yaml gives it. */
async function cloudFromFile({ name, authUrl }: RegionUnderTest): Promise<CloudConfig> {
  const cwd = await mkdtemp(join(tmpdir(), 'farshore-'));
  const auth = {
    auth_url: authUrl,
    username: 'admin',
    password: 'secret',
    project_name: 'demo',
    user_domain_id: 'default',
    project_domain_id: 'default',
  };
  const clouds = { [name]: { auth, region_name: name } };
  await writeFile(join(cwd, 'clouds.yaml'), stringify({ clouds }));
  const cloud = await (await loadClouds({ env: {}, cwd })).get(name);
  await rm(cwd, { recursive: true });
  return cloud;
}

export const regionsSuite: Suite = (environment) =>
  describe('identity', () => {
    const run = systemRandom.id();
    const events: RequestEvent[] = [];
    const opened: Region[] = [];
    let cloud: CloudConfig;
    let east: Region;
    let outsider: Outsider;

    function open(entry: CloudConfig): Region {
      const config = configOf(environment(), 'east', entry);
      const onRequest = (event: RequestEvent) => events.push(event);
      const region = openRegion(config, { ambient: environment().ambient, onRequest });
      opened.push(region);
      return region;
    }

    before(async () => {
      cloud = await cloudFromFile(environment().regions.east);
      east = open(cloud);
      outsider = await Outsider.login(environment().regions.east);
    });

    after(async () => {
      outsider.close();
      for (const region of opened) await region.close();
    });

    it('all four services answer a probe', async () => {
      const health = await east.probe(20_000);
      expect(health.map(({ service, up }) => [service, up])).to.deep.equal(
        ['identity', 'object-store', 'block-storage', 'image'].map((service) => [service, true]),
      );
    });

    it('another project is opened by name; a stranger and a missing role are told apart', async () => {
      const admin = await east.project('admin');
      expect(admin.projectName).to.equal('admin');
      expect(admin.objectStore.account).to.equal(`AUTH_${admin.projectId}`);
      expect(await east.project(admin.projectId)).to.equal(admin);
      expect((await rejection(east.project(`no-${run}`))).code).to.equal(
        'identity.project-unknown',
      );
      const wish = { project: { name: `regions-${run}`, domain_id: 'default' } };
      const made = (await outsider.json('identity', 'POST', '/projects', wish)) as {
        readonly project: { readonly id: string };
      };
      const { id } = made.project;
      for (const name of [id, `regions-${run}`])
        expect((await rejection(east.project(name))).code).to.equal('identity.right-missing');
      await outsider.ask('identity', 'DELETE', `/projects/${id}`, { expected: 204 });
    });

    it('a wrong password is refused after one request', async () => {
      if (cloud.credentials.kind !== 'password') throw new Error('the entry has a password');
      const wrong = { ...cloud, credentials: { ...cloud.credentials, password: 'wrong' } };
      const first = events.length;
      const error = await rejection(open(wrong).home());
      expect(error.code).to.equal('identity.credentials-refused');
      expect(events.length - first).to.equal(1);
    });

    it('an application credential opens its project and no other', async () => {
      const at = `/users/${outsider.userId}/application_credentials`;
      const wish = { application_credential: { name: `regions-${run}` } };
      const made = (await outsider.json('identity', 'POST', at, wish)) as {
        readonly application_credential: { readonly id: string; readonly secret: string };
      };
      const { id, secret } = made.application_credential;
      try {
        const credentials = { kind: 'application-credential', credential: { id }, secret } as const;
        const region = open({ ...cloud, credentials });
        const home = await region.home();
        expect(home.projectName).to.equal('demo');
        expect(await home.objectStore.headContainer(`no-${run}`)).to.equal(null);
        expect((await rejection(region.project('admin'))).code).to.equal('identity.right-missing');
      } finally {
        await outsider.ask('identity', 'DELETE', `${at}/${id}`, { expected: 204 });
      }
    });

    it('a token that was revoked is renewed once, for many calls at the same time', async () => {
      const { ambient } = environment();
      const transport = new Transport(cloud.tls);
      const limits = new Limits(defaultMaxCalls);
      const seen: RequestEvent[] = [];
      const onRequest = (event: RequestEvent) => seen.push(event);
      const regionClock = new RegionClock(ambient.clock);
      const rate = { leastBytesPerSecond: 16 };
      const parts = { region: 'east', transport, limits, ambient, onRequest, regionClock, ...rate };
      const caller = new Caller(parts);
      const keystone = new Keystone(caller, cloud, ambient.clock);
      const issue = () => keystone.issueToken();
      const names = { region: 'east', regionName: 'east', endpointInterface: 'public' } as const;
      const session = new ProjectSession({ ...names, ambient, issue }, await issue());
      const token = await session.token();
      await caller.json(
        { service: 'identity', endpoint: () => Promise.resolve(cloud.authUrl), tokens: session },
        {
          ...{ method: 'DELETE', path: '/auth/tokens', operation: 'revoke token', ok: [204] },
          headers: { 'x-subject-token': token },
        },
      );
      seen.length = 0;
      const lists = await Promise.all(
        Array.from({ length: 8 }, () => keystone.myProjects(session)),
      );
      await transport.close();
      for (const projects of lists)
        expect(projects.map(({ name }) => name)).to.include.members(['admin', 'demo']);
      const statuses = seen.map(({ path, status }) => `${path} ${status}`);
      expect(statuses.filter((text) => text === '/auth/projects 401')).to.have.lengthOf(8);
      expect(statuses.filter((text) => text === '/auth/tokens 201')).to.have.lengthOf(1);
      expect(await session.token()).to.not.equal(token);
    });
  });
