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
