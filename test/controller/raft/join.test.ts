import { execFile } from 'node:child_process';
import tls from 'node:tls';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { systemClock } from '../../../kernel/clock.ts';
import { silentLog } from '../../../kernel/log.ts';
import { systemRandom } from '../../../kernel/random.ts';
import { readBundle } from '../../../controller/raft/bundle.ts';
import { lockMember } from '../../../controller/raft/lock.ts';
import { readMemberRecord } from '../../../controller/raft/member-record.ts';
import { type Initiated, init } from '../../../controller/raft/orders/init.ts';
import { joinCluster } from '../../../controller/raft/orders/join.ts';
import { readPki } from '../../../controller/raft/pki/files.ts';
import { endOf, faultOf } from '../../../controller/raft/pki/inspect.ts';
import { rejection } from '../../support/rejection.ts';
import { siteAt, threeSites } from './support/managed.ts';

const run = promisify(execFile);
const ambient = { clock: systemClock, random: systemRandom, log: silentLog };

describe('farshore raft init and join', function () {
  // Nine RSA keys.
  let root: string;
  let initiated: Initiated;
  const dataDir = (site: string) => join(root, site);
  const east = () => siteAt(dataDir('east'), 'east');
  const bundleOf = (site: string) => initiated.bundles.find((one) => one.site === site)!.file;

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'farshore-raft-'));
    await mkdir(join(dataDir('east'), 'state'), { recursive: true });
    initiated = await init(east(), join(root, 'out'), ambient);
  });
  after(() => rm(root, { recursive: true }));

  const refusedJoin = async (
    site: string,
    options: { readonly bundle: string; readonly reset?: boolean; readonly sites?: object },
  ) => {
    const { bundle, reset = false, sites = threeSites } = options;
    const managed = siteAt(
      dataDir(`refused-${site}`),
      site,
      sites as Readonly<Record<string, string>>,
    );
    return rejection(joinCluster(managed, { bundle, reset }, ambient));
  };

  it('writes a bundle for each other site, and says what is carried over', () => {
    expect(initiated.bundles.map(({ site }) => site)).to.deep.equal(['west', 'witness']);
    expect(initiated.carriesOver).to.equal(join(dataDir('east'), 'state'));
  });

  it('keeps all that it writes from other users', async () => {
    const files = [
      ...initiated.bundles.map(({ file }) => file),
      east().dir.record,
      ...(await readdir(east().dir.pki.dir)).map((name) => join(east().dir.pki.dir, name)),
    ];
    expect(files).to.have.length(9);
    for (const file of files) expect((await stat(file)).mode & 0o777, file).to.equal(0o600);
  });

  it('refuses where there is a member, and leaves it as it is', async () => {
    const before = await readFile(east().dir.pki.member.cert, 'utf8');
    const error = await rejection(init(east(), join(root, 'again'), ambient));
    expect(error).to.include({ code: 'raft.exists' });
    expect(await readFile(east().dir.pki.member.cert, 'utf8')).to.equal(before);
  });

  it('refuses while another process has the member', async () => {
    const lock = await lockMember(east().dir);
    try {
      expect(await rejection(init(east(), root, ambient))).to.include({ code: 'raft.in-use' });
    } finally {
      await lock.release();
    }
  });

  it('makes certificates that openssl follows to the authority, named as the others call them', async () => {
    const { authority, member, client } = east().dir.pki;
    for (const { cert } of [member, client]) {
      const { stdout } = await run('openssl', [
        'verify',
        '-x509_strict',
        '-CAfile',
        authority.cert,
        cert,
      ]);
      expect(stdout).to.contain('OK');
    }
    const wrong = run('openssl', [
      'verify',
      '-verify_ip',
      '10.0.9.9',
      '-CAfile',
      authority.cert,
      member.cert,
    ]);
    expect(await succeeds(wrong)).to.equal(false);
    const ends = endOf(await readFile(member.cert, 'utf8'));
    expect(ends - Date.now()).to.be.within(4.9 * 365 * 86_400_000, 5.1 * 365 * 86_400_000);
  });

  it('joins a site, whose member then trusts the first and no stranger', async () => {
    const west = siteAt(dataDir('west'), 'west');
    const joined = await joinCluster(west, { bundle: bundleOf('west'), reset: false }, ambient);
    expect(joined).to.deep.equal({ site: 'west', aside: null });
    expect(await readMemberRecord(west.dir)).to.deep.equal({
      ...(await readMemberRecord(east().dir)),
      site: 'west',
    });
    const [a, b] = [await readPki(east().dir), await readPki(west.dir)];
    expect(a.authority).to.deep.equal(b.authority);
    expect(faultOf(b, '10.0.2.10')).to.equal(null);
    expect(faultOf(b, '10.0.2.11')).to.contain('10.0.2.11');

    const server = tls.createServer({
      ...a.member,
      ca: a.authority.cert,
      requestCert: true,
      rejectUnauthorized: true,
    });
    server.on('secureConnection', (socket) => socket.end('hello'));
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const call = async (identity: { readonly cert?: string; readonly key?: string }) => {
      const socket = tls.connect({ port, host: '127.0.0.1', ca: b.authority.cert, ...identity });
      let heard = '';
      socket.on('data', (bytes: Buffer) => (heard += bytes.toString()));
      await once(socket, 'close');
      return heard;
    };
    try {
      expect(await call(b.client)).to.equal('hello');
      expect(await call(b.member)).to.equal('hello');
      expect(await succeeds(call({}))).to.equal(false);
    } finally {
      server.close();
    }
  });

  it('refuses a second time, unless what is there is moved aside', async () => {
    const west = siteAt(dataDir('west-again'), 'west');
    const order = { bundle: bundleOf('west'), reset: false };
    await joinCluster(west, order, ambient);
    await mkdir(west.dir.data);
    await writeFile(join(west.dir.data, 'precious'), 'kept');
    expect(await rejection(joinCluster(west, order, ambient))).to.include({ code: 'raft.exists' });
    const { aside } = await joinCluster(west, { ...order, reset: true }, ambient);
    expect(await readFile(join(aside!, 'etcd', 'precious'), 'utf8')).to.equal('kept');
    expect(await readdir(west.dir.root)).to.include.members(['member.json', 'pki']);
    expect(await readdir(west.dir.root)).not.to.include('etcd');
  });

  it("refuses another site's bundle", async () => {
    const error = await refusedJoin('witness', { bundle: bundleOf('west') });
    expect(error).to.include({ code: 'raft.other-site' });
  });

  it('refuses other addresses than those of the bundle, all told at once', async () => {
    const sites = { east: '10.9.9.9', west: '10.0.2.10' };
    const error = await refusedJoin('west', { bundle: bundleOf('west'), sites });
    expect(error).to.include({ code: 'raft.other-site' });
    expect(error).to.have.property('message').that.contains('east is 10.9.9.9');
    expect(error).to.have.property('message').that.contains('witness is missing');
  });

  const spoiled: readonly (readonly [string, (text: string) => string])[] = [
    ['cut short', (text) => text.slice(0, -100)],
    [
      'another token',
      (text) =>
        text.replace(/"token": "(.)/, (_, first) => `"token": "${first === '0' ? '1' : '0'}`),
    ],
    ['another address', (text) => text.replace('10.0.2.10', '10.0.2.12')],
    ['an unknown field', (text) => text.replace('{', '{"more": 1,')],
    ['another version', (text) => text.replace('bundle-1', 'bundle-2')],
    ['no JSON', () => 'bundle'],
  ];
  for (const [what, spoil] of spoiled)
    it(`refuses a spoiled bundle: ${what}`, async () => {
      const bundle = join(root, 'spoiled.json');
      const text = await readFile(bundleOf('west'), 'utf8');
      await writeFile(bundle, spoil(text));
      const error = await refusedJoin('west', { bundle });
      expect(error).to.include({ code: 'raft.bad-bundle' });
      expect(String(error)).not.to.match(/PRIVATE KEY/);
    });

  it('takes a bundle that was only written anew in another form', async () => {
    const path = join(root, 'compact.json');
    const text = await readFile(bundleOf('west'), 'utf8');
    await writeFile(path, JSON.stringify(JSON.parse(text)));
    expect(await readBundle(path)).to.deep.equal(await readBundle(bundleOf('west')));
  });
});

function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}
