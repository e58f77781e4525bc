import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { EtcdStore, type EtcdOptions } from '../../../controller/store/etcd/etcd-store.ts';
import { EtcdCluster, hasEtcd } from '../../support/etcd.ts';
import { systemAmbient } from '../../support/system-ambient.ts';
import { key, putThing, take } from '../../controller/store/things.ts';

const hasTools =
  hasEtcd &&
  spawnSync('etcdctl', ['version']).status === 0 &&
  spawnSync('openssl', ['version']).status === 0;
const password = 'correct horse';

describe('who may use the store over etcd', function () {
  let etcd: EtcdCluster | undefined;
  let directory: string;
  const opened: EtcdStore[] = [];
  before(function () {
    if (!hasTools) this.skip();
  });
  beforeEach(async () => (directory = await mkdtemp(join(tmpdir(), 'farshore-access-'))));
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await etcd?.stop();
    etcd = undefined;
    await rm(directory, { recursive: true });
  });
  const open = (options: Partial<EtcdOptions> = {}): EtcdStore => {
    const endpoints = etcd?.endpoints ?? [];
    const store = EtcdStore.open({ endpoints, prefix: 'p/', ambient: systemAmbient, ...options });
    opened.push(store);
    return store;
  };
  const etcdctl = (...args: readonly string[]) =>
    execFileSync('etcdctl', [`--endpoints=${etcd?.endpoints[0] ?? ''}`, ...args], {
      env: { ...process.env, ETCDCTL_API: '3' },
      stdio: 'pipe',
    });
  const failure = (work: Promise<unknown>): Promise<unknown> => work.catch((e: unknown) => e);

  it('a user with a password, below the prefix alone; also when etcd forgets the token', async () => {
    etcd = await EtcdCluster.start();
    etcdctl('user', 'add', 'root:root');
    etcdctl('user', 'grant-role', 'root', 'root');
    etcdctl('role', 'add', 'farshore');
    etcdctl('role', 'grant-permission', 'farshore', '--prefix=true', 'readwrite', 'p/');
    etcdctl('user', 'add', `farshore:${password}`);
    etcdctl('user', 'grant-role', 'farshore', 'farshore');
    etcdctl('auth', 'enable');

    const store = open({ user: { name: 'farshore', password } });
    const from = await putThing(store, 'a/1', 1);
    const stop = new AbortController();
    const seen = take(store.watch(key('a/'), from, stop.signal), 2);
    const lease = await store.lease(5000);
    const [member] = etcd.members;
    await member?.stop('SIGKILL');
    member?.start();
    await putThing(store, 'a/2', 2);
    expect(await seen).to.have.length(2);
    expect((await store.get(key('a/2')))?.value).to.deep.equal({ n: 2 });
    expect(lease.isHeld()).to.equal(true);
    expect(store.health().hasQuorum).to.equal(true);

    const denied = { code: 'store.denied', kind: 'permanent' };
    for (const other of [
      open({ user: { name: 'farshore', password: 'wrong' } }),
      open(),
      open({ user: { name: 'farshore', password }, prefix: 'q/' }),
    ]) {
      expect(await failure(other.get(key('a/1')))).to.include(denied);
      const watch = take(other.watch(key('a/'), 1, AbortSignal.timeout(20_000)), 1);
      expect(await failure(watch)).to.include(denied);
    }
    const refused = await failure(
      open({ user: { name: 'farshore', password: 'wrong' } }).lease(1000),
    );
    expect(JSON.stringify([refused, String((refused as Error).stack)])).not.to.include('wrong');
  });

  it('who has a certificate of the authority, and no others', async () => {
    const path = (name: string) => join(directory, name);
    const openssl = (...args: readonly string[]) =>
      execFileSync('openssl', args, { stdio: 'pipe' });
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
    for (const ca of ['ca', 'other-ca'])
      openssl(
        ...['req', '-x509', ...newKey, '-subj', `/CN=${ca}`],
        ...['-keyout', path(`${ca}.key`), '-out', path(`${ca}.pem`)],
      );
    for (const [name, ca] of [
      ['member', 'ca'],
      ['client', 'ca'],
      ['stranger', 'other-ca'],
    ] as const)
      openssl(
        ...['req', '-x509', ...newKey, '-subj', `/CN=${name}`],
        ...['-CA', path(`${ca}.pem`), '-CAkey', path(`${ca}.key`)],
        ...['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'],
        ...['-addext', 'basicConstraints=critical,CA:FALSE'],
        ...['-keyout', path(`${name}.key`), '-out', path(`${name}.pem`)],
      );
    etcd = await EtcdCluster.start(1, {
      tls: { ca: path('ca.pem'), cert: path('member.pem'), key: path('member.key') },
    });
    const pem = (name: string) => readFile(path(name), 'utf8');
    const tlsOf = async (name: string, ca = 'ca') => ({
      ca: await pem(`${ca}.pem`),
      cert: await pem(`${name}.pem`),
      key: await pem(`${name}.key`),
    });
    const store = open({ tls: await tlsOf('client') });
    await putThing(store, 'a/1', 1);
    expect(await store.range(key('a/'))).to.have.length(1);
    const others = [
      open({ tls: await tlsOf('stranger') }),
      open({ tls: await tlsOf('client', 'other-ca') }),
      open({ tls: { ca: await pem('ca.pem') } }),
      open(),
    ];
    const local = { consistency: 'local' } as const;
    for (const refused of await Promise.all(
      others.map((other) => failure(other.get(key('a/1'), local))),
    ))
      expect(refused).to.include({ code: 'store.unavailable', kind: 'transient' });
  });
});
