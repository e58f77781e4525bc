import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { systemRandom } from '../../../kernel/random.ts';
import { objectStoreSuite } from '../../contract/object-store.ts';
import { openScopes } from '../../contract/support/open.ts';
import { removeAll } from '../../contract/support/remove.ts';
import { collect } from '../../support/rejection.ts';
import { ambient } from '../environment.ts';
import { onRgw, rgwEnvironment, rgwLab } from './environment.ts';
import { S3User } from './s3-user.ts';

onRgw('primary', objectStoreSuite);

describe('an object that S3 wrote', () => {
  it('put in parts has no MD5, and is copied all the same', async () => {
    const scopes = await openScopes(await rgwEnvironment('primary'));
    const { east: rgw, west: swift } = scopes;
    const container = `rgw-parts-${systemRandom.id()}`;
    const parts = [randomBytes(5 << 20), randomBytes(1 << 20)];
    for (const scope of [rgw, swift]) await scope.objectStore.putContainer(container);
    const user = await S3User.of((await rgwLab()).region('west'), rgw.projectId);
    await user.putInParts(container, 'in-parts', parts);
    const [row] = await collect(rgw.objectStore.list(container));
    expect(row).to.include({ name: 'in-parts', bytes: 6 << 20 });
    expect(row!.hash).to.match(/^[0-9a-f]{32}-2$/);
    const read = (await rgw.objectStore.get(container, 'in-parts'))!;
    const options = { contentLength: row!.bytes, etag: row!.hash };
    await swift.objectStore.put(container, 'in-parts', read.body, options);
    const there = await buffer((await swift.objectStore.get(container, 'in-parts'))!.body);
    expect(there.equals(Buffer.concat(parts))).to.equal(true);
    for (const scope of [rgw, swift]) await removeAll(scope, container, ambient);
    await scopes.close();
  });
});
