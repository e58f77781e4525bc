import { expect } from 'chai';
import type { ApiClient } from '../../../controller/cli/api-client.ts';
import {
  bankedOnly,
  forgottenText,
  outages,
  regionColumns,
  remarks,
} from '../../../controller/cli/commands/status.ts';
import type { GroupStatus } from '../../../controller/model/types.ts';
import type { RegionStatus } from '../../../controller/service.ts';

const quiet = {
  name: 'shop',
  changes: [],
  lacks: [],
  stalled: [],
  verification: null,
  executions: [],
};

const drill = {
  id: 'd1',
  mode: 'drill',
  declaredAt: '2026-11-21T08:00:00.000Z',
  gates: [],
  failed: null,
  ageSeconds: 7200,
};
const failover = { ...drill, id: 'f1', mode: 'failover', declaredAt: '2026-11-21T09:00:00.000Z' };

describe('what status says beside its tables', () => {
  it('is why services are down, a line each, and not in the table', () => {
    const reason = 'identity of region east cannot be reached: ECONNREFUSED';
    const east = {
      name: 'east',
      services: [
        { service: 'identity', up: false, reason },
        { service: 'image', up: false, reason: null },
        { service: 'object-store', up: true, reason: null },
      ],
    } as unknown as RegionStatus;
    expect(regionColumns.map(({ value }) => value(east))).to.deep.equal([
      'east',
      'identity DOWN, image DOWN, object-store up',
    ]);
    expect(outages(east)).to.deep.equal([`east: identity: ${reason}`, 'east: image: no answer']);
  });

  it('is an order that can be given as it stands, for what was lost', () => {
    const resource = { kind: 'volume', id: 'v-1', name: 'data' };
    const group = {
      name: 'shop',
      changes: [{ resource, change: 'lost', since: 's', detail: 'not found in the source' }],
      lacks: [],
      stalled: [],
      verification: null,
      executions: [],
    } as unknown as GroupStatus;
    expect(remarks(group)).to.deep.equal([
      'shop: volume/v-1 (data) lost: not found in the source; its copies from before are kept (farshore group release shop volume/v-1 --reason "…")',
    ]);
  });

  it('is an execution under way, and what it waits for, with the order to go on', () => {
    const gates = [{ step: 'unfenced:accept', gate: '1 of 2 is not fenced', needsReason: true }];
    const executions = [
      { ...drill, state: 'running', ageSeconds: 61 },
      { ...failover, state: 'waiting', gates },
    ];
    expect(remarks({ ...quiet, executions } as unknown as GroupStatus)).to.deep.equal([
      'shop: drill d1 has been under way for 1m 01s (farshore execution watch d1)',
      'shop: failover f1 has waited 2h 00m for an approval: 1 of 2 is not fenced (farshore execution approve f1 unfenced:accept --reason "…", or execution cancel f1)',
    ]);
  });

  it('is an execution that came to no good end, until a later one did', () => {
    const failed = { title: 'restore volume data', message: 'quota exceeded' };
    const said = (executions: readonly object[]) =>
      remarks({ ...quiet, executions } as unknown as GroupStatus);
    const bad = { ...drill, state: 'failed', failed };
    const text =
      'shop: drill d1 ended failed 2h 00m ago: restore volume data: quota exceeded (farshore execution report d1)';
    expect(said([bad])).to.deep.equal([text]);
    expect(said([bad, { ...failover, state: 'cancelled' }])).to.deep.equal([
      text,
      'shop: failover f1 ended cancelled 2h 00m ago (farshore execution report f1, execution retry f1)',
    ]);
    expect(said([bad, { ...failover, state: 'succeeded' }])).to.deep.equal([]);
    expect(said([{ ...drill, state: 'cancelled' }])).to.deep.equal([]);
    expect(said([{ ...bad, declaredAt: '2026-11-21T10:00:00.000Z' }, failover])).to.include(text);
  });

  it('is what a session waits for in vain', () => {
    const subject = 'volume data v-1';
    const text = 'backup b-1 does not move: cinder-backup is down on west-1';
    const stalled = [{ subject, text }];
    const group = { ...quiet, stalled };
    expect(remarks(group as unknown as GroupStatus)).to.deep.equal([`shop: ${subject}: ${text}`]);
  });

  it('is what banks hold, while the controller knows no group', async () => {
    const get = (path: string) =>
      path === '/banks/east'
        ? Promise.reject(new Error('east cannot be reached'))
        : Promise.resolve({ groups: path === '/banks/west' ? ['shop', 'web'] : [] });
    const client = { get } as unknown as Pick<ApiClient, 'get'>;
    const regions = ['east', 'west', 'north'].map((name) => ({ name }));
    expect((await bankedOnly(client, regions)).map(forgottenText)).to.deep.equal([
      'whether the bank of east holds groups, while this controller knows none, is not known: east cannot be reached',
      'the bank of west holds shop, web, and this controller knows no group: if its state was lost, farshore bank rebuild west',
    ]);
  });
});
