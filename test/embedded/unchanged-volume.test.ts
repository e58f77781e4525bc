import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { noProgress } from '../../kernel/progress.ts';
import type { BlockStorage } from '../../regions/block-storage/types.ts';
import { createBank } from '../../replicator/bank/swift-bank.ts';
import type { SessionContext } from '../../replicator/mover.ts';
import { createVolumeMover } from '../../replicator/volume/mover.ts';
import type { VolumeCopy } from '../../replicator/volume/types.ts';
import { openScopes, type Scopes } from '../contract/support/open.ts';
import { makeVolume } from '../contract/support/shop.ts';
import { testIdentity } from '../support/identity.ts';
import { type EmbeddedEnvironment, embeddedEnvironment } from './environment.ts';

describe('a session of a volume that has not changed, on embedded regions', function () {
  this.timeout(120_000);
  const calls: { readonly name: string; readonly argument: unknown }[] = [];
  let environment: EmbeddedEnvironment;
  let scopes: Scopes;
  let spoolDir: string;
  let source: Scopes['east'];

  before(async () => {
    environment = await embeddedEnvironment();
    scopes = await openScopes(environment);
    spoolDir = await mkdtemp(join(tmpdir(), 'farshore-unchanged-'));
    const cinder = scopes.east.blockStorage;
    const blockStorage = new Proxy({} as BlockStorage, {
      get(_empty, property) {
        const member: unknown = Reflect.get(cinder, property);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          calls.push({ name: String(property), argument: args[0] });
          return Reflect.apply(member, cinder, args);
        };
      },
    });
    source = { ...scopes.east, blockStorage };
  });
  after(async () => {
    await scopes.close();
    await environment.close();
    await rm(spoolDir, { recursive: true });
  });

  it("lists the volume's backups once, looks how far its own is every ten seconds, and tidies up", async () => {
    const { ambient } = environment;
    const mover = createVolumeMover({ ambient });
    const bank = createBank({
      identity: testIdentity(),
      store: scopes.west.objectStore,
      container: 'bank',
      spoolDir,
      ambient,
    });
    const sessionOf = (sessionId: string): SessionContext => ({
      group: 'shop',
      sessionId,
      isResumed: false,
      source,
      target: scopes.west,
      bank,
      sharedSwift: false,
      mappings: {},
      options: {},
      spoolDir,
      progress: noProgress,
      signal: new AbortController().signal,
    });
    const id = await makeVolume(environment, scopes.east, 'ledger');
    const resource = { kind: 'volume', id, name: 'ledger' };
    const run = async (
      session: SessionContext,
      before: VolumeCopy | null,
    ): Promise<{ readonly copy: VolumeCopy; readonly seconds: number }> => {
      const capture = await mover.capture(resource, session);
      const startMs = performance.now();
      const previous = before === null ? null : { copy: before, damage: [] };
      const copy = await mover.ship(capture, previous, session);
      return { copy, seconds: (performance.now() - startMs) / 1000 };
    };
    const first = await run(sessionOf('s1'), null);
    await mover.tidy(first.copy, sessionOf('s1'));
    calls.length = 0;
    const second = await run(sessionOf('s2'), first.copy);
    expect(second.copy.chain).to.deep.equal(first.copy.chain);
    const listings = calls.filter(({ name }) => name === 'listBackups');
    const isOfVolume = (argument: unknown) =>
      (argument as { readonly volumeId?: string }).volumeId === id;
    expect(listings.filter(({ argument }) => isOfVolume(argument))).to.have.length(1);
    const looks = listings.filter(({ argument }) => !isOfVolume(argument));
    expect(looks.length).to.be.at.most(1 + second.seconds / 10);
    await mover.tidy(second.copy, sessionOf('s2'));
    const { blockStorage } = scopes.east;
    const left: string[] = [];
    for await (const backup of blockStorage.listBackups({ volumeId: id })) left.push(backup.id);
    for await (const snapshot of blockStorage.listSnapshots({ volumeId: id }))
      left.push(snapshot.id);
    expect(left).to.deep.equal(first.copy.chain.map(({ backupId }) => backupId));
  });
});
