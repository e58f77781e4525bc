import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FarshoreError } from '../../../kernel/errors.ts';
import type { InvalidInput } from '../../../controller/input/fault.ts';
import { loadConfig } from '../../../controller/config/load-config.ts';

const cloud = (host: string, region?: string) => ({
  auth: {
    auth_url: `http://${host}:5000/v3`,
    username: 'admin',
    password: 'hunter2',
    project_name: 'demo',
    user_domain_name: 'Default',
    project_domain_name: 'Default',
  },
  ...(region === undefined ? {} : { region_name: region }),
});

const clouds = {
  east: cloud('10.0.0.1', 'east'),
  west: cloud('10.0.0.2', 'west'),
  nameless: cloud('10.0.0.3'),
  broken: { auth: { auth_url: 'ftp://x', username: 'admin', password: 'hunter2' } },
};

describe('loadConfig', () => {
  let cwd: string;
  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'farshore-config-'));
    await writeFile(join(cwd, 'clouds.yaml'), JSON.stringify({ clouds }));
  });
  after(() => rm(cwd, { recursive: true }));

  const load = async (text: string) => {
    await writeFile(join(cwd, 'farshore.yaml'), text);
    return loadConfig({ cwd, env: {} });
  };
  const refusal = async (text: string) =>
    (await load(text).then(
      () => {
        throw new Error('it was accepted');
      },
      (error: unknown) => error,
    )) as InvalidInput;

  it('fills in what is not said, resolves paths against the file and freezes', async () => {
    const config = await load('regions:\n  east: { cloud: east }\n  west: { cloud: west }\n');
    expect(config.dataDir).to.equal(join(cwd, '.farshore'));
    expect(config.api).to.deep.equal({ host: '127.0.0.1', port: 8470 });
    expect(config.log.level).to.equal('info');
    expect(config.limits).to.deep.equal({ sessions: 2, resources: 4 });
    const east = config.regions.get('east')!;
    expect(east).to.deep.include({
      name: 'east',
      regionName: 'east',
      swiftCluster: 'east',
      maxCalls: 32,
      bank: { container: 'farshore' },
    });
    expect(east.cloud.credentials).to.include({ password: 'hunter2' });
    expect(Object.isFrozen(config) && Object.isFrozen(east)).to.equal(true);
  });

  it("a region's own settings win over the cloud's", async () => {
    const config = await load(`
dataDir: /var/lib/farshore
api: { listen: '[::1]:0' }
regions:
  east: { cloud: nameless, region: RegionOne, interface: internal, swiftCluster: both, maxCalls: 3, listingLag: 20s, bank: { project: dr, container: safe } }
`);
    expect(config.dataDir).to.equal('/var/lib/farshore');
    expect(config.api).to.deep.equal({ host: '::1', port: 0 });
    const east = config.regions.get('east')!;
    expect(east).to.deep.include({
      regionName: 'RegionOne',
      swiftCluster: 'both',
      maxCalls: 3,
      listingLagMs: 20_000,
      bank: { project: 'dr', container: 'safe' },
    });
    expect(east.cloud.endpointInterface).to.equal('internal');
  });

  const east = 'regions: { east: { cloud: east } }';
  const table: readonly [name: string, text: string, faults: readonly RegExp[]][] = [
    ['nothing', '', [/^regions is missing/]],
    ['no region', 'regions: {}', [/^regions expected at least one region/]],
    ['a syntax error', 'regions:\n  east: { cloud: east\n', [/^ not YAML/]],
    ['two documents', `${east}\n---\n${east}`, [/one/]],
    ['an unknown field', `${east}\nlogg: {}`, [/^logg unknown field; did you mean log\?/]],
    [
      'an unknown field below',
      'regions: { east: { clod: east } }',
      [/^regions.east.cloud is missing/, /^regions.east.clod unknown field; did you mean cloud\?/],
    ],
    ['a wrong type', `${east}\ndataDir: 7`, [/^dataDir expected a text, found 7/]],
    [
      'a wrong value',
      `${east}\nlog: { level: loud }`,
      [/^log.level expected debug or info or warn or error, found "loud"/],
    ],
    [
      'too much at once',
      `${east}\nlimits: { sessions: 1000 }`,
      [/^limits.sessions expected at most 256/],
    ],
    ['a bad region name', 'regions: { East: { cloud: east } }', [/^regions.East expected 1 to 63/]],
    [
      'an address that others reach',
      `${east}\napi: { listen: "0.0.0.0:8470" }`,
      [/^api.listen expected a loopback address.*not authenticated/],
    ],
    ['no address', `${east}\napi: { listen: "8470" }`, [/^api.listen expected address:port/]],
    [
      'a cloud that does not exist',
      'regions: { east: { cloud: eats } }',
      [/^regions.east.cloud eats: there is no cloud of that name.*known are .*east/],
    ],
    [
      'a cloud that is wrong itself',
      'regions: { east: { cloud: broken } }',
      [/^regions.east.cloud clouds\.broken\.auth\./],
    ],
    [
      'a cloud without a region',
      'regions: { east: { cloud: nameless } }',
      [/^regions.east.region is missing, and cloud nameless has no region_name/],
    ],
    [
      'one region under two names',
      'regions: { east: { cloud: east }, other: { cloud: east } }',
      [/^regions.other is the same region as east/],
    ],
  ];
  for (const [name, text, expected] of table)
    it(`refuses ${name}`, async () => {
      const error = await refusal(text);
      expect(error.code).to.equal('config.invalid');
      const faults = error.faults.map(({ path, message }) => `${path} ${message}`);
      for (const pattern of expected)
        expect(
          faults.some((fault) => pattern.test(fault)),
          faults.join('\n'),
        ).to.equal(true);
    });

  it('tells all faults at once, with their lines', async () => {
    const error = await refusal(
      [
        'dataDir: 7',
        'api: { listen: "10.0.0.1:80" }',
        'regions:',
        '  east:',
        '    colour: red',
        '',
      ].join('\n'),
    );
    expect(error.faults.map(({ line, path }) => `${line} ${path}`)).to.have.members([
      '1 dataDir',
      '2 api.listen',
      '5 regions.east.cloud',
      '5 regions.east.colour',
    ]);
  });

  it('never repeats a secret', async () => {
    const texts = [
      'regions: { east: { cloud: broken, password: hunter2 } }',
      'password: hunter2\nregions: { east: { cloud: broken } }',
      'regions: { east: { cloud: broken } }',
    ];
    for (const text of texts) {
      const error = await refusal(text);
      expect(JSON.stringify([error.message, error.hint, error.faults])).to.not.include('hunter2');
    }
  });

  it('says how to name the file when there is none', async () => {
    const error = (await loadConfig({ cwd, env: {}, path: 'nowhere.yaml' }).catch(
      (e: unknown) => e,
    )) as FarshoreError;
    expect(error).to.include({ code: 'config.not-found', subject: join(cwd, 'nowhere.yaml') });
    expect(error.hint).to.include('FARSHORE_CONFIG');
  });
});
