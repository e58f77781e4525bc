import { expect } from 'chai';
import { FarshoreError } from '../../../kernel/errors.ts';
import { Harness } from './harness.ts';

describe('a resource that points lacked for a while', () => {
  it('is compared with its newest copy: that it was emptied meanwhile is seen', async () => {
    const at = new Harness();
    await at.protect();
    at.world.before = (line) => {
      if (line === 'capture container/photos')
        throw new FarshoreError('it cannot be read', {
          code: 'object-store.refused',
          kind: 'permanent',
          operation: 'list container',
        });
    };
    expect((await at.protect()).changes).to.deep.equal([]);
    at.world.before = undefined;
    at.write('container/photos', '');
    expect((await at.protect()).changes).to.deep.equal([
      {
        resource: 'container/photos',
        change: 'emptied',
        detail: '1 objects, 13 bytes before, none now',
      },
    ]);
  });
});
