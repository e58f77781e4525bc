import { expect } from 'chai';
import { Policies } from '../../../controller/service/policies.ts';
import { rejection } from '../../support/rejection.ts';
import { gold } from '../support/fixtures.ts';
import { memorySites } from '../support/memory-sites.ts';
import { MemoryStore } from '../support/memory-store.ts';

describe('a witness, which knows no regions', () => {
  it('says who takes a policy, and stores none', async () => {
    const store = new MemoryStore();
    const policies = new Policies(store, memorySites([], '/nowhere'));
    const error = await rejection(policies.apply(gold, undefined));
    expect(error).to.include({ code: 'controller.no-regions', kind: 'permanent' });
    expect(error.hint).to.match(/controller of another site/);
    expect(await store.range({ path: '' })).to.deep.equal([]);
  });
});
