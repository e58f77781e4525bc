import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { describeError } from '../../../kernel/errors.ts';
import { CloudConfigError } from '../../../regions/identity/cloud-fields.ts';
import { loadClouds } from '../../../regions/identity/clouds.ts';
import { rejection } from '../../support/rejection.ts';

const passwordVariables = {
  OS_AUTH_URL: 'https://keystone.example:5000',
  OS_USERNAME: 'op',
  OS_PASSWORD: 'p',
  OS_PROJECT_NAME: 'demo',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_DOMAIN_ID: 'default',
};

function faultyPaths(error: unknown): readonly string[] {
  if (!(error instanceof CloudConfigError)) throw error;
  return error.faults.map(({ path }) => path);
}

describe('loadClouds', () => {
  let cwd: string;
  beforeEach(async () => (cwd = await mkdtemp(join(tmpdir(), 'clouds-'))));
  afterEach(() => rm(cwd, { recursive: true }));

  async function withFiles(files: Record<string, string>, env: Record<string, string> = {}) {
    for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
    return loadClouds({ env, cwd });
  }

  it('reads an entry, its secret from secure.yaml, texts as they are written', async () => {
    const clouds = await withFiles({
      'clouds.yaml': `
clouds:
  east: &east
    auth: &auth
      auth_url: https://east.example/identity/
      username: op
      project_name: 0123
      user_domain_name: Default
      project_domain_id: default
    region_name: RegionOne
    interface: internal
    verify: no
  west:
    <<: *east
    auth:
      <<: *auth
      project_id: abc
`,
      'secure.yaml': 'clouds: {east: {auth: {password: 007}}, west: {auth: {password: "no"}}}',
    });
    expect(clouds.names).to.deep.equal(['east', 'west']);
    expect(clouds.files).to.deep.equal([join(cwd, 'clouds.yaml'), join(cwd, 'secure.yaml')]);
    expect(await clouds.get('east')).to.deep.equal({
      name: 'east',
      authUrl: 'https://east.example/identity/v3',
      credentials: {
        kind: 'password',
        user: { name: 'op', domain: { name: 'Default' } },
        password: '007',
        project: { name: '0123', domain: { id: 'default' } },
      },
      regionName: 'RegionOne',
      endpointInterface: 'internal',
      tls: { verify: false },
    });
    const west = await clouds.get('west');
    expect(west).to.include({
      regionName: 'RegionOne',
      authUrl: 'https://east.example/identity/v3',
    });
    expect(west.credentials)
      .to.include({ password: 'no' })
      .and.deep.include({ project: { id: 'abc' } });
  });

  it('reads an application credential, and certificates by a path relative to the folder', async () => {
    const clouds = await withFiles({
      'clouds.yaml': `
clouds:
  app:
    auth_type: v3applicationcredential
    auth:
      auth_url: https://east.example:5000/v3
      application_credential_id: i1
      application_credential_secret: s1
    cacert: ca.pem
`,
      'ca.pem': '-----BEGIN CERTIFICATE-----\n',
    });
    const { credentials, tls, endpointInterface } = await clouds.get('app');
    expect(credentials).to.deep.equal({
      kind: 'application-credential',
      credential: { id: 'i1' },
      secret: 's1',
    });
    expect(tls).to.deep.equal({ verify: true, ca: '-----BEGIN CERTIFICATE-----\n' });
    expect(endpointInterface).to.equal('public');
  });

  it('takes OS_* variables as the cloud envvars', async () => {
    const clouds = await withFiles({}, { ...passwordVariables, OS_INTERFACE: 'adminURL' });
    expect([clouds.names, clouds.files]).to.deep.equal([['envvars'], []]);
    const cloud = await clouds.get('envvars');
    expect(cloud).to.include({
      authUrl: 'https://keystone.example:5000/v3',
      endpointInterface: 'admin',
    });
    expect(cloud.credentials).to.deep.include({
      user: { name: 'op', domain: { name: 'Default' } },
    });
  });

  it('looks where the environment says, then here, then at home', async () => {
    const entry = (name: string) => `clouds: {${name}: {}}`;
    const home = join(cwd, '.config/openstack');
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'clouds.yaml'), entry('of-home'));
    const elsewhere = join(cwd, 'other.yml');
    const namesWith = async (files: Record<string, string>, env: Record<string, string>) =>
      (await withFiles(files, { HOME: cwd, ...env })).names;
    expect(await namesWith({}, {})).to.deep.equal(['of-home']);
    expect(await namesWith({ 'clouds.yml': entry('of-here') }, {})).to.deep.equal(['of-here']);
    const named = { OS_CLIENT_CONFIG_FILE: elsewhere };
    expect(await namesWith({ 'other.yml': entry('named') }, named)).to.deep.equal(['named']);
    await rm(elsewhere);
    const error = await rejection(loadClouds({ env: named, cwd }));
    expect(error.code).to.equal('config.clouds-unreadable');
    expect(describeError(error)).to.contain(elsewhere).and.to.contain('ENOENT');
  });

  const auth =
    '{auth_url: "https://a/v3", username: u, password: p, project_name: p, user_domain_id: default, project_domain_id: default}';

  it('takes null for not given, and a quoted one for a text', async () => {
    for (const none of ['null', '~', 'Null', 'NULL', '']) {
      const clouds = await withFiles({
        'clouds.yaml': `
clouds:
  east:
    auth:
      auth_url: https://a/v3
      username: u
      password: "null"
      project_name: p
      project_id: ${none}
      user_domain_id: default
      project_domain_id: default
    cacert: ${none}
    interface: ${none}
    verify: ${none}
    region_name: ${none}
`,
        'secure.yaml': `clouds: {east: {auth: {username: ${none} }}}`,
      });
      const east = await clouds.get('east');
      expect(east).to.deep.include({ endpointInterface: 'public', tls: { verify: true } });
      expect(east).not.to.have.property('regionName');
      expect(east.credentials).to.deep.include({
        password: 'null',
        user: { name: 'u', domain: { id: 'default' } },
        project: { name: 'p', domain: { id: 'default' } },
      });
    }
    const missing = await withFiles({
      'clouds.yaml': `clouds: {east: {auth: ${auth}, region_name: "~"}, none: ~}`,
      'secure.yaml': 'clouds: ~',
    });
    expect((await missing.get('east')).regionName).to.equal('~');
    expect(faultyPaths(await rejection(missing.get('none')))).to.include(
      'clouds.none.auth.auth_url',
    );
  });

  // The values are those of openstacksdk 0.101 for the same file.
  it('reads regions with their values, the first unless one is wanted', async () => {
    const clouds = await withFiles({
      'clouds.yaml': `
clouds:
  list: {auth: ${auth}, regions: [east, west]}
  values:
    auth: ${auth}
    interface: internal
    regions:
      - name: east
        values: {interface: null}
      - {name: west, values: {interface: admin, auth: {auth_url: "https://w/v3"}}}
  both:
    auth: ${auth}
    region_name: west
    regions: [east, {name: west, values: {auth: {auth_url: "https://w/v3"}}}]
  empty: {auth: ${auth}, regions: [], region_name: here}
`,
    });
    const read = async (name: string, region?: string) => {
      const { regionName, authUrl, endpointInterface } = await clouds.get(name, region);
      return [regionName, authUrl, endpointInterface];
    };
    expect(await read('list')).to.deep.equal(['east', 'https://a/v3', 'public']);
    expect(await read('list', 'west')).to.deep.equal(['west', 'https://a/v3', 'public']);
    expect(await read('values')).to.deep.equal(['east', 'https://a/v3', 'internal']);
    expect(await read('values', 'west')).to.deep.equal(['west', 'https://w/v3', 'admin']);
    expect(await read('both')).to.deep.equal(['east', 'https://a/v3', 'public']);
    expect(await read('both', 'west')).to.deep.equal(['west', 'https://w/v3', 'public']);
    expect(await read('empty')).to.deep.equal(['here', 'https://a/v3', 'public']);
    const error = await rejection(clouds.get('list', 'north'));
    expect(faultyPaths(error)).to.deep.equal(['clouds.list.regions']);
    expect(error.message).to.contain("has no 'north'").and.contain('east, west');
  });

  it('refuses regions that are none', async () => {
    for (const regions of [
      'east',
      '{east: {}}',
      '[{values: {}}]',
      '[{name: a, values: b}]',
      '[[a]]',
    ]) {
      const clouds = await withFiles({
        'clouds.yaml': `clouds: {x: {auth: ${auth}, regions: ${regions}}}`,
      });
      expect(faultyPaths(await rejection(clouds.get('x')))).to.deep.equal(['clouds.x.regions']);
    }
  });

  it('reads a profile from clouds-public.yaml, and says of any other that it is not known', async () => {
    const text = `
clouds:
  mine: {profile: vendor, region_name: two, auth: {username: u, password: p, project_name: p}}
  theirs: {profile: vexxhost, auth: ${auth}}
`;
    const clouds = await withFiles({
      'clouds.yaml': text,
      'clouds-public.yaml': `
public-clouds:
  vendor:
    auth: {auth_url: "https://v/v3", user_domain_id: d, project_domain_id: d}
    regions: [one, {name: two, values: {interface: internal}}]
`,
    });
    expect(clouds.files).to.have.lengthOf(2);
    expect(await clouds.get('mine', 'two')).to.include({
      ...{ authUrl: 'https://v/v3', regionName: 'two', endpointInterface: 'internal' },
    });
    const error = await rejection(clouds.get('theirs'));
    expect(faultyPaths(error)).to.deep.equal(['clouds.theirs.profile']);
    expect(error.message).to.contain("'vexxhost'").and.contain('clouds-public.yaml');
  });

  it('names all that is wrong with an entry at once, each by its path', async () => {
    const clouds = await withFiles({
      'clouds.yaml': `
clouds:
  bad:
    auth:
      auth_url: keystone:5000/v2.0
      username: [op]
      user_domain_id: default
      password: hunter2
    interface: private
    verify: maybe
    identity_api_version: 2
    cacert: missing.pem
    key: key.pem
`,
    });
    const error = await rejection(clouds.get('bad'));
    expect(faultyPaths(error)).to.have.members([
      'clouds.bad.identity_api_version',
      'clouds.bad.key',
      'clouds.bad.auth.auth_url',
      'clouds.bad.auth.project_name',
      'clouds.bad.auth.project_domain_name',
      'clouds.bad.auth.username',
      'clouds.bad.auth.username',
      'clouds.bad.interface',
      'clouds.bad.verify',
      'clouds.bad.cacert',
      'clouds.bad.key',
    ]);
    expect(describeError(error)).to.contain('clouds.yaml').and.not.contain('hunter2');
  });

  it('names the variables when they are what is wrong', async () => {
    const env = { ...passwordVariables, OS_AUTH_TYPE: 'v3oidcpassword', OS_PASSWORD: '' };
    const error = await rejection((await withFiles({}, env)).get('envvars'));
    expect(faultyPaths(error)).to.deep.equal(['OS_AUTH_TYPE', 'OS_PASSWORD']);
    expect(error.hint).to.contain('environment');
  });

  it('says which clouds there are when asked for another', async () => {
    const clouds = await withFiles({ 'clouds.yaml': 'clouds: {b: {}, a: {}}' });
    const error = await rejection(clouds.get('east'));
    expect(error.code).to.equal('config.cloud-unknown');
    expect(error.hint).to.contain('a, b');
    expect((await rejection((await withFiles({}, {})).get('none'))).code).to.equal(
      'config.cloud-unknown',
    );
  });

  for (const [what, text] of [
    ['broken YAML', 'clouds:\n  east:\n    auth: {password: "hunter2\n'],
    ['a list of clouds', 'clouds: [hunter2]'],
  ] as const)
    it(`refuses ${what} without quoting the file`, async () => {
      const error = await rejection(withFiles({ 'secure.yaml': text }));
      expect(error.code).to.equal('config.clouds-unreadable');
      expect(describeError(error)).to.contain('secure.yaml').and.not.contain('hunter2');
    });
});
