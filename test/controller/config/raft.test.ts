import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Config } from '../../../controller/config/config.ts';
import { loadConfig } from '../../../controller/config/load-config.ts';
import type { ManagedRaft } from '../../../controller/config/raft-config.ts';
import {
  clientUrl,
  formatSiteAddress,
  parseSiteAddress,
  peerUrl,
} from '../../../controller/config/site-address.ts';
import { InvalidInput } from '../../../controller/input/fault.ts';

const cloud = (host: string) => ({
  auth: {
    auth_url: `http://${host}:5000/v3`,
    username: 'admin',
    password: 'hunter2',
    project_name: 'demo',
    user_domain_name: 'Default',
    project_domain_name: 'Default',
  },
  region_name: host,
});
const regions = 'regions:\n  east: { cloud: east }\n  west: { cloud: west }\n';

describe('the section raft', () => {
  let cwd: string;
  before(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'farshore-raft-config-'));
    const clouds = { east: cloud('10.0.0.1'), west: cloud('10.0.0.2') };
    await writeFile(join(cwd, 'clouds.yaml'), JSON.stringify({ clouds }));
    await writeFile(join(cwd, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nx\n');
    await writeFile(join(cwd, 'secret'), 'correct horse\n');
  });
  after(() => rm(cwd, { recursive: true }));

  const load = async (text: string, env: Record<string, string> = {}): Promise<Config> => {
    await writeFile(join(cwd, 'farshore.yaml'), text);
    return loadConfig({ cwd, env });
  };
  const faults = async (text: string): Promise<readonly string[]> => {
    const error: unknown = await load(text).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof InvalidInput)) throw new Error('it was not refused', { cause: error });
    return error.faults.map(({ path, message, line }) => `${line ?? '-'} ${path}: ${message}`);
  };

  it('is absent for a single controller', async () => {
    expect(await load(regions)).not.to.have.property('raft');
  });

  it('has the sites with their addresses, and defaults', async () => {
    const { raft } = await load(
      `${regions}raft:\n  site: east\n  region: east\n  sites:\n    east: 10.0.1.10\n    west: etcd.west.example:12380:12379\n    witness: '[fd00::3]'\n`,
      { FARSHORE_ETCD: '/opt/etcd' },
    );
    expect(raft).to.deep.include({
      site: 'east',
      region: 'east',
      snapshots: { everySeconds: 3600, keep: 24 },
    });
    const home = raft!.home as ManagedRaft;
    expect(home).to.deep.include({ type: 'managed', roundTripMs: 40, binary: '/opt/etcd' });
    expect([...home.sites]).to.deep.equal([
      ['east', { host: '10.0.1.10', peerPort: 2380, clientPort: 2379 }],
      ['west', { host: 'etcd.west.example', peerPort: 12380, clientPort: 12379 }],
      ['witness', { host: 'fd00::3', peerPort: 2380, clientPort: 2379 }],
    ]);
  });

  it('needs no regions for a witness, and only for a witness', async () => {
    const sites = 'sites: { east: 10.0.1.10, west: 10.0.2.10, witness: 10.0.3.10 }';
    const { raft, regions: none } = await load(`raft:\n  site: witness\n  ${sites}\n`);
    expect(raft).to.include({ site: 'witness', region: null });
    expect(none.size).to.equal(0);
    expect(await faults(`raft:\n  site: east\n  region: east\n  ${sites}\n`)).to.deep.equal([
      '1 regions: is missing, expected fields (only a witness needs none)',
      '3 raft.region: expected one of regions (there are none), found east; leave it out for a witness',
    ]);
  });

  it('tells all faults of the sites at once, with those of the rest of the file', async () => {
    expect(
      await faults(
        `api: { listen: 10.0.0.1:80 }\n${regions}raft:\n  site: north\n  region: middle\n  snapshots: { every: 10s }\n  sites:\n    east: 10.0.1\n    west: 10.0.2.10:2380\n    one: 10.0.3.10\n    two: 10.0.3.10:2379:4000\n    three: h:7:7\n`,
      ),
    ).to.have.members([
      '8 raft.snapshots.every: expected at least 1m, found 10s',
      '7 raft.region: expected one of regions (east, west), found middle; leave it out for a witness',
      '10 raft.sites.east: expected host or host:peerPort:clientPort, such as 10.0.1.10 or [fd00::1]:2380:2379, found "10.0.1"',
      '11 raft.sites.west: expected host or host:peerPort:clientPort, such as 10.0.1.10 or [fd00::1]:2380:2379, found "10.0.2.10:2380"',
      '13 raft.sites.two: has port 2379 of 10.0.3.10 in common with one',
      '14 raft.sites.three: expected two ports, found 7 for peers and for clients',
      '6 raft.site: expected one of sites (east, west, one, two, three), found north',
      '1 api.listen: expected a loopback address, found "10.0.0.1:80": callers are not authenticated, so whoever reaches the API may order a failover',
    ]);
  });

  it('names what is written wrongly, with the nearest that is known', async () => {
    expect(
      await faults(`${regions}raft:\n  site: East\n  sitess: {}\n  roundTripMs: 0\n`),
    ).to.deep.equal([
      '5 raft.site: expected 1 to 63 lower-case letters, digits and dashes, the first no dash, found "East"',
      '7 raft.roundTripMs: expected at least 1, found 0',
      '6 raft.sitess: unknown field; did you mean sites?',
    ]);
  });

  it('takes an etcd that others run, with its files read', async () => {
    const { raft } = await load(
      `${regions}raft:\n  site: east\n  region: east\n  etcd: { endpoints: ['https://10.0.0.9:2379'], ca: ca.pem, user: farshore, passwordFile: secret }\n`,
    );
    expect(raft!.home).to.deep.equal({
      type: 'external',
      endpoints: ['https://10.0.0.9:2379'],
      tls: { ca: '-----BEGIN CERTIFICATE-----\nx\n' },
      user: { name: 'farshore', password: 'correct horse' },
    });
  });

  it('tells all faults of an external etcd, and repeats no secret', async () => {
    const told = await faults(
      `${regions}raft:\n  site: east\n  etcd:\n    endpoints: ['https://u:hunter2@h:1', 'h:2379']\n    ca: nowhere.pem\n    cert: secret\n    user: root\n`,
    );
    expect(told).to.have.members([
      '7 raft.etcd.endpoints[0]: expected https://host:port',
      '7 raft.etcd.endpoints[1]: expected https://host:port',
      '7 raft.etcd.endpoints: expected https for all of them, or for none',
      '8 raft.etcd.ca: expected a file that can be read, found nowhere.pem (ENOENT)',
      '9 raft.etcd.cert: expected a file in PEM form',
      '7 raft.etcd.key: is missing, expected it beside cert',
      '7 raft.etcd.passwordFile: is missing, expected it beside user',
    ]);
    expect(told.join()).not.to.match(/hunter2|correct horse/);
  });

  it('is either managed or external', async () => {
    expect(await faults(`${regions}raft: { site: east }\n`)).to.deep.equal([
      '4 raft.sites: is missing, expected the host of each site (or etcd: endpoints)',
    ]);
    expect(
      await faults(
        `${regions}raft: { site: east, sites: { east: h }, etcd: { endpoints: ['https://h:1'] } }\n`,
      ),
    ).to.deep.equal([
      '4 raft.etcd: expected either sites, whose members are started here, or etcd',
    ]);
  });
});

describe("a site's address", () => {
  for (const text of ['10.0.1.10', 'etcd.west.example', '[fd00::1]', 'h:1:2', '[::1]:1:2'])
    it(`is written as it was read: ${text}`, () => {
      const parsed = parseSiteAddress(text);
      expect('address' in parsed && formatSiteAddress(parsed.address)).to.equal(text);
    });

  for (const text of ['', 'fd00::1', '[10.0.0.1]', 'h:0:1', 'h:1:65536', 'a b', '-a', '1.2.3.4.5'])
    it(`is refused: ${JSON.stringify(text)}`, () => {
      expect(parseSiteAddress(text)).to.have.property('fault');
    });

  it('gives the addresses that etcd knows', () => {
    const six = { host: 'fd00::1', peerPort: 2380, clientPort: 2379 };
    expect(peerUrl(six)).to.equal('https://[fd00::1]:2380');
    expect(clientUrl({ ...six, host: 'h' })).to.equal('https://h:2379');
  });
});
