import { expect } from 'chai';
import { systemRandom } from '../../kernel/random.ts';
import { objectStoreSuite } from '../contract/object-store.ts';
import { openScopes } from '../contract/support/open.ts';
import { removeAll } from '../contract/support/remove.ts';
import { rejection } from '../support/rejection.ts';
import { ambient, labEnvironment, onLab, testLab } from './environment.ts';

onLab(objectStoreSuite);

/** A suite of its own: mocha would run a test without one before all files, with a lab for it alone. */
describe('object store, on real services only', () => {
  // Node's own HTTP server, which embedded regions stand on, takes no such name.
  it('a metadata name that is no HTTP is told, once and clearly', async () => {
    const eastLab = (await testLab()).region('east');
    const scopes = await openScopes(await labEnvironment());
    const store = scopes.east.objectStore;
    const other = `regions-names-${systemRandom.id()}`;
    await store.putContainer(other);
    const script = `import http.client, urllib.parse as u
url, token = swift().get_auth()
at = u.urlparse(url); http.client._is_legal_header_name = lambda name: True
c = http.client.HTTPConnection(at.netloc)
c.request('PUT', at.path + '/' + sys.argv[1] + '/utf8', b'x', {'X-Auth-Token': token, 'X-Object-Meta-é'.encode(): 'y'})
result(c.getresponse().status)`;
    expect(await eastLab.python(script, [other])).to.equal(201);
    const error = await rejection(store.head(other, 'utf8'));
    expect(error).to.include({ code: 'object-store.unreadable-headers', kind: 'permanent' });
    expect(error.hint).to.contain('outside ASCII');
    await removeAll(scopes.east, other, ambient);
    await scopes.close();
  });
});
