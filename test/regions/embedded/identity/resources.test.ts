import { expect } from 'chai';
import { inDefault, passwordAuth, withIdentity } from './rig.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

describe('resources of an embedded Keystone', () => {
  it('are seeded once, and the same after a restart', () =>
    withIdentity(async ({ ask, login, ...setting }) => {
      const all = async () => {
        const token = await login('admin', 'admin');
        const found: Record<string, readonly string[]> = {};
        for (const plural of ['domains', 'projects', 'users', 'roles', 'services', 'regions']) {
          const { body } = await ask('GET', `/v3/${plural}`, { token });
          found[plural] = (body[plural] as Named[]).map(({ id, name }) => `${id} ${name}`).sort();
        }
        return found;
      };
      const before = await all();
      expect(before['domains']).to.deep.equal(['default Default']);
      expect(before['projects']).to.have.lengthOf(2);
      expect(before['users']).to.have.lengthOf(2);
      expect(before['roles']).to.have.lengthOf(3);
      await setting.reopen();
      expect(await all()).to.deep.equal(before);
    }));

  it('are created, found by name, changed and deleted by an admin', () =>
    withIdentity(async ({ ask, login }) => {
      const token = await login('admin', 'admin');
      for (const [singular, first, change] of [
        ['project', { name: 'new', description: 'd', tags: ['t'] }, { description: 'e' }],
        ['user', { name: 'new', email: 'a@b' }, { email: 'c@d' }],
        ['role', { name: 'new' }, { description: 'e' }],
        ['domain', { name: 'new', enabled: false }, { description: 'e' }],
      ] as const) {
        const all = `/v3/${singular}s`;
        const made = await ask('POST', all, { token, json: { [singular]: first } });
        expect(made.status, made.text).to.equal(201);
        const { id } = made.body[singular] as Named;
        expect(made.body[singular]).to.deep.include(first);
        expect(id).to.match(/^[0-9a-f]{32}$/);
        const again = await ask('POST', all, { token, json: { [singular]: first } });
        expect(again.status).to.equal(409);
        expect((await ask('GET', `${all}/new`, { token })).status).to.equal(404);
        const named = await ask('GET', `${all}?name=new`, { token });
        expect((named.body[`${singular}s`] as Named[]).map((one) => one.id)).to.deep.equal([id]);
        const json = { [singular]: change };
        const changed = await ask('PATCH', `${all}/${id}`, { token, json });
        expect(changed.body[singular]).to.deep.include({ ...first, ...change });
        const shown = await ask('GET', `${all}/${id}`, { token });
        expect(shown.body).to.deep.equal(changed.body);
        expect((await ask('DELETE', `${all}/${id}`, { token })).status).to.equal(204);
        expect((await ask('DELETE', `${all}/${id}`, { token })).status).to.equal(404);
      }
    }));

  it('take no part of a name, domain or form that is wrong', () =>
    withIdentity(async ({ ask, login, idOf }) => {
      const token = await login('admin', 'admin');
      const demo = `/v3/projects/${await idOf('projects', 'demo')}`;
      const role = `/v3/roles/${await idOf('roles', 'member')}`;
      const cases: (readonly [string, string, unknown, number, RegExp])[] = [
        ['POST', '/v3/projects', { project: {} }, 400, /'name' is a required property/],
        ['POST', '/v3/projects', {}, 400, /'name' is a required property/],
        ['POST', '/v3/projects', { project: { name: 5 } }, 400, /field 'name'/],
        ['POST', '/v3/projects', { project: { name: ' ' } }, 400, /field 'name'/],
        ['POST', '/v3/projects', { project: { name: 'x'.repeat(65) } }, 400, /field 'name'/],
        ['POST', '/v3/projects', { project: { name: 'x', enabled: 'yes' } }, 400, /'enabled'/],
        ['POST', '/v3/projects', { project: { name: 'x', domain_id: 'no' } }, 400, /domain: no/],
        ['PATCH', demo, { project: { name: 'admin' } }, 409, /name is admin/],
        ['PATCH', demo, { project: { domain_id: 'no' } }, 400, /Cannot change Domain ID/],
        ['PATCH', '/v3/users/no', { user: {} }, 404, /Could not find user: no/],
        ['PATCH', role, { role: { name: 'x' } }, 403, /immutable role/],
        ['DELETE', role, undefined, 403, /immutable role/],
        ['DELETE', '/v3/domains/default', undefined, 403, /disable it first/],
        ['PUT', '/v3/projects', {}, 405, /method is not allowed/],
        ['GET', '/v3/nothing', undefined, 404, /<title>404/],
        ['GET', '/v2.0', undefined, 404, /<title>404/],
        ['GET', '/v3/users/%zz', undefined, 404, /404/],
        ['GET', '/v3/users/%2e%2e%2f', undefined, 404, /404/],
      ];
      for (const [method, path, json, status, words] of cases) {
        const answer = await ask(method, path, { token, ...(json === undefined ? {} : { json }) });
        expect(answer.status, `${method} ${path} ${answer.text}`).to.equal(status);
        expect(answer.text).to.match(words);
      }
    }));

  it('of others are closed to a user, and to nobody at all', () =>
    withIdentity(async ({ ask, login, idOf }) => {
      const token = await login('demo', 'demo');
      const [own, other] = [await idOf('users', 'demo'), await idOf('users', 'admin')];
      const project = await idOf('projects', 'demo');
      const statusOf = async (path: string) => (await ask('GET', path, { token })).status;
      for (const path of [
        `/v3/users/${own}`,
        `/v3/users/${own}/projects`,
        `/v3/users/${own}/application_credentials`,
        `/v3/projects/${project}`,
        '/v3/auth/projects',
        '/v3/auth/domains',
        '/v3/auth/catalog',
        '/v3/regions',
        '/v3/regions/east',
      ])
        expect(await statusOf(path), path).to.equal(200);
      for (const path of [
        '/v3/users',
        '/v3/projects',
        '/v3/projects/none',
        '/v3/roles',
        '/v3/domains',
        '/v3/services',
        '/v3/endpoints',
        '/v3/role_assignments',
        `/v3/users/${other}`,
        `/v3/users/${other}/projects`,
        `/v3/users/${other}/application_credentials`,
        `/v3/projects/${project}/users/${own}/roles`,
      ])
        expect(await statusOf(path), path).to.equal(403);
      const anonymous = await ask('GET', '/v3/projects');
      expect(anonymous.status).to.equal(401);
      expect(anonymous.headers.get('www-authenticate')).to.match(/^Keystone uri="http.*\/v3"$/);
    }));

  it('give a user roles on a project, seen in assignments, and gone with the project', () =>
    withIdentity(async ({ ask, login, idOf }) => {
      const token = await login('admin', 'admin');
      const made = await ask('POST', '/v3/projects', { token, json: { project: { name: 'p' } } });
      const project = (made.body['project'] as Named).id;
      const [user, role] = [await idOf('users', 'demo'), await idOf('roles', 'member')];
      const grant = `/v3/projects/${project}/users/${user}/roles/${role}`;
      const statusOf = async (method: string, path: string) =>
        (await ask(method, path, { token })).status;
      expect(await statusOf('HEAD', grant)).to.equal(404);
      for (let round = 0; round < 2; round++) expect(await statusOf('PUT', grant)).to.equal(204);
      expect(await statusOf('HEAD', grant)).to.equal(204);
      const roles = await ask('GET', grant.slice(0, -role.length - 1), { token });
      expect((roles.body['roles'] as Named[]).map(({ name }) => name)).to.deep.equal(['member']);
      for (const wrong of ['none', role])
        expect(
          await statusOf('PUT', `/v3/projects/${project}/users/${wrong}/roles/${role}`),
        ).to.equal(404);
      const query = `user.id=${user}&scope.project.id=${project}&include_names&effective`;
      const assigned = await ask('GET', `/v3/role_assignments?${query}`, { token });
      const rows = assigned.body['role_assignments'] as { role: Named; user: Named }[];
      expect(rows.map((row) => `${row.user.name} ${row.role.name}`)).to.deep.equal([
        'demo member',
        'demo reader',
      ]);
      const json = passwordAuth('demo', 'secret', { project: inDefault('p') });
      expect((await ask('POST', '/v3/auth/tokens', { json })).status).to.equal(201);
      expect(await statusOf('DELETE', `/v3/projects/${project}`)).to.equal(204);
      const left = await ask('GET', `/v3/role_assignments?scope.project.id=${project}`, { token });
      expect(left.body['role_assignments']).to.deep.equal([]);
      expect((await ask('POST', '/v3/auth/tokens', { json })).status).to.equal(401);
    }));

  it('say which versions there are', () =>
    withIdentity(async ({ ask, url }) => {
      const versions = await ask('GET', '/');
      expect(versions.status).to.equal(300);
      expect(versions.body['versions']).to.have.nested.property('values[0].id', 'v3.14');
      for (const path of ['/v3', '/v3/']) {
        const { body } = await ask('GET', path);
        expect(body['version']).to.have.nested.property('links[0].href', `${url}/v3/`);
      }
    }));
});
