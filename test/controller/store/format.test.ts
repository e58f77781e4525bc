import { expect } from 'chai';
import { formatKey, formatOf, openFormat, stateFormat } from '../../../controller/store/format.ts';
import { readSnapshot } from '../../../controller/store/snapshot-file.ts';
import { exportState } from '../../../controller/store/snapshot.ts';
import { put } from '../../../controller/store/store.ts';
import { rejection } from '../../support/rejection.ts';
import { systemAmbient } from '../../support/system-ambient.ts';
import { addGroup } from '../support/fixtures.ts';
import { MemoryStore } from '../support/memory-store.ts';

const at = '2026-11-29T08:00:00.000Z';
const program = { version: '0.2.0', home: '/var/lib/farshore/state' };
const { signal } = new AbortController();

describe('the format of the state', () => {
  it('is written into a state in which there is nothing, and found again', async () => {
    const store = new MemoryStore();
    await openFormat(store, program, at);
    await openFormat(store, { ...program, version: '0.3.0' }, at);
    expect((await store.get(formatKey))?.value).to.deep.equal({
      format: stateFormat,
      version: '0.2.0',
      at,
    });
  });

  it('is written by one of two that begin at once', async () => {
    const store = new MemoryStore();
    let other: Promise<void> | undefined;
    store.beforeWrite = () => {
      store.beforeWrite = undefined;
      other = openFormat(store, { ...program, version: 'other' }, at);
    };
    await openFormat(store, program, at);
    await other;
    expect((await store.get(formatKey))?.value.format).to.equal(stateFormat);
  });

  it('refuses a program that is older than it, with what to do, and writes nothing', async () => {
    const store = new MemoryStore();
    await store.transact([], [put(formatKey, { format: stateFormat + 1, version: '9.0.0', at })]);
    const before = await store.range({ path: '' });
    const error = await rejection(openFormat(store, program, at));
    expect(error).to.include({ code: 'state.newer', kind: 'fatal', subject: program.home });
    expect(error.message).to.equal(
      `the state is of format ${stateFormat + 1}, written by farshore 9.0.0; this is farshore 0.2.0, which knows formats up to ${stateFormat}`,
    );
    expect(error.hint).to.include('upgrade farshore');
    expect(await store.range({ path: '' })).to.deep.equal(before);
  });

  it('refuses a state that has no number, which was used before there were any', async () => {
    const store = new MemoryStore();
    await addGroup(store, 'shop');
    const before = await store.range({ path: '' });
    const error = await rejection(openFormat(store, program, at));
    expect(error).to.include({ code: 'state.older', kind: 'fatal' });
    expect(error.message).to.include('no format number');
    expect(error.hint).to.include('empty dataDir').and.to.include('another bank container');
    expect(await store.range({ path: '' })).to.deep.equal(before);
    expect(await formatOf(store)).to.equal(1);
  });

  it('is in a snapshot, which is refused where it is not understood', async () => {
    const store = new MemoryStore();
    await addGroup(store, 'shop');
    const old = exportState(store, systemAmbient.clock, signal);
    const refused = await rejection(readSnapshot(old));
    expect(refused).to.include({ code: 'snapshot.format' });
    expect(refused.message).to.include('format 1');
    await store.transact([], [put(formatKey, { format: stateFormat + 1, version: '9', at })]);
    const newer = await rejection(readSnapshot(exportState(store, systemAmbient.clock, signal)));
    expect(newer).to.include({ code: 'snapshot.format' });
    expect(newer.hint).to.include('upgrade');
  });
});
