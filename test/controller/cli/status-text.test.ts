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
    } as unknown as GroupStatus;
    expect(remarks(group)).to.deep.equal([
      'shop: volume/v-1 (data) lost: not found in the source; its copies from before are kept (farshore group release shop volume/v-1 --reason "…")',
    ]);
  });

  it('is what a session waits for in vain', () => {
    const subject = 'volume data v-1';
    const text = 'backup b-1 does not move: cinder-backup is down on west-1';
    const stalled = [{ subject, text }];
    const group = { name: 'shop', changes: [], lacks: [], stalled, verification: null };
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
