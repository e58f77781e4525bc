import { expect } from 'chai';
import { credentialAuth, inDefault, passwordAuth, type Setting, withIdentity } from './rig.ts';

const tokens = '/v3/auth/tokens';

interface TokenBody {
  readonly issued_at: string;
  readonly expires_at: string;
  readonly methods: readonly string[];
  readonly project: { readonly id: string };
  readonly roles: readonly object[];
  readonly catalog: readonly {
    readonly type: string;
    readonly endpoints: readonly { readonly url: string }[];
  }[];
}

async function statusOf({ ask }: Setting, token: string): Promise<number> {
  return (await ask('GET', '/v3/auth/projects', { token })).status;
}

describe('tokens of an embedded Keystone', () => {
  it('are scoped to a project, with its roles and catalogue', () =>
    withIdentity(async ({ ask, url }) => {
      const json = passwordAuth('demo', 'secret', { project: inDefault('demo') });
      const { status, headers, body } = await ask('POST', tokens, { json });
      expect(status).to.equal(201);
      expect(headers.get('x-subject-token')).to.match(/^gAAAAA[\w-]+$/);
      const token = body['token'] as TokenBody;
      const { project } = token;
      expect(token).to.deep.include({ methods: ['password'], is_domain: false });
      expect(token.roles).to.have.lengthOf(2);
      const lifeMs = Date.parse(token.expires_at) - Date.parse(token.issued_at);
      expect(lifeMs).to.equal(3_600_000);
      const urls = token.catalog.map(({ type, endpoints }) => [type, endpoints[0]?.url]);
      expect(Object.fromEntries(urls)).to.deep.equal({
        identity: `${url}/v3`,
        'object-store': `${url}/v1/AUTH_${project.id}`,
        image: `${url}/image`,
        volumev3: `${url}/volume/v3/${project.id}`,
        'block-storage': `${url}/volume/v3/${project.id}`,
      });
    }));

  it('are refused to the wrong password, user, scope and form, in the words of Keystone', () =>
    withIdentity(async ({ ask }) => {
      const good = passwordAuth('demo', 'secret').auth.identity;
      const cases: (readonly [unknown, number, RegExp])[] = [
        [passwordAuth('demo', 'wrong'), 401, /requires authentication/],
        [passwordAuth('nobody', 'secret'), 401, /requires authentication/],
        [
          passwordAuth('demo', 'secret', { project: inDefault('admin') }),
          401,
          /requires authentication/,
        ],
        [
          passwordAuth('demo', 'secret', { project: inDefault('nope') }),
          401,
          /requires authentication/,
        ],
        [passwordAuth('admin', 'secret', { domain: { id: 'default' } }), 401, /authentication/],
        [passwordAuth('demo', 'secret', { project: { name: 'demo' } }), 400, /domain in project/],
        [passwordAuth('demo', 'secret', { odd: 1 }), 400, /unscoped in scope/],
        [{}, 400, /find auth in request body/],
        [[], 400, /valid JSON/],
        [{ auth: 1 }, 400, /field/],
        [{ auth: {} }, 400, /'identity' is a required property/],
        [{ auth: { identity: { methods: [] } } }, 401, /authentication/],
        [{ auth: { identity: { methods: ['odd'] } } }, 400, /find odd in identity/],
        [{ auth: { identity: { methods: ['odd'], odd: {} } } }, 401, /unsupported method/],
        [{ auth: { identity: { methods: ['__proto__'] } } }, 401, /unsupported method/],
        [{ auth: { identity: { ...good, methods: ['password', 'token'] } } }, 400, /find token/],
        [{ auth: { identity: { methods: ['token'], token: { id: 'x' } } } }, 404, /recognize/],
        [credentialAuth({ id: 'x', secret: 'y' }), 404, /Application Credential: x/],
      ];
      for (const [json, status, words] of cases) {
        const answer = await ask('POST', tokens, { json });
        const { error } = answer.body as unknown as { error: { code: number; message: string } };
        expect([answer.status, error.code], answer.text).to.deep.equal([status, status]);
        expect(error.message).to.match(words);
      }
      const noJson = await ask('POST', tokens, { raw: '{' });
      expect(noJson.text).to.match(/valid JSON in request body/);
      const form = await ask('POST', tokens, { raw: '{}', type: 'text/plain' });
      expect(form.text).to.match(/Content-Type header/);
      expect((await ask('POST', tokens, { raw: 'x'.repeat(200_000) })).status).to.equal(413);
    }));

  it('are made of tokens, end with them, and are given back one by one', () =>
    withIdentity(async (setting) => {
      const { ask, login } = setting;
      const first = await login('admin', 'admin');
      const identity = { methods: ['token'], token: { id: first } };
      const json = { auth: { identity, scope: { project: inDefault('demo') } } };
      const rescoped = await ask('POST', tokens, { json });
      const token = rescoped.body['token'] as Record<string, unknown>;
      expect(token['methods']).to.deep.equal(['token', 'password']);
      expect(token['audit_ids']).to.have.lengthOf(2);
      const second = rescoped.headers.get('x-subject-token')!;
      const seen = await ask('GET', `${tokens}?nocatalog`, { token: first, subject: first });
      expect([seen.status, seen.headers.get('x-subject-token')]).to.deep.equal([200, first]);
      const firstToken = seen.body['token'] as Record<string, unknown>;
      expect(firstToken['expires_at']).to.equal(token['expires_at']);
      expect(firstToken).not.to.have.property('catalog');
      expect((await ask('HEAD', tokens, { token: first, subject: second })).status).to.equal(200);
      expect((await ask('DELETE', tokens, { token: second, subject: first })).status).to.equal(204);
      expect(await statusOf(setting, first)).to.equal(401);
      await setting.reopen();
      expect(await statusOf(setting, first)).to.equal(401);
      expect(await statusOf(setting, second)).to.equal(200);
    }));

  it('of others are not for users to look at', () =>
    withIdentity(async ({ ask, login }) => {
      const [admin, demo] = [await login('admin', 'admin'), await login('demo', 'demo')];
      expect((await ask('GET', tokens, { token: demo, subject: admin })).status).to.equal(403);
      expect((await ask('GET', tokens, { token: admin, subject: demo })).status).to.equal(200);
      expect((await ask('GET', tokens, { token: admin })).status).to.equal(404);
      expect((await ask('GET', tokens, { token: admin, subject: 'x' })).status).to.equal(404);
    }));

  it('end by the clock, by a change of password, with the user, with the last role, and all at once', () =>
    withIdentity(async (setting) => {
      const { ask, login, faults, identity } = setting;
      faults.set({ tokenLifetimeSeconds: 60 });
      const short = await login('demo', 'demo');
      expect(await statusOf(setting, short)).to.equal(200);
      faults.set({ clockSkewMs: 61_000 });
      expect(await statusOf(setting, short)).to.equal(401);
      const admin = await login('admin', 'admin');
      const [user, project] = [
        await setting.idOf('users', 'demo'),
        await setting.idOf('projects', 'demo'),
      ];
      const role = await setting.idOf('roles', 'member');

      const before = await login('demo', 'demo');
      const password = { user: { password: 'new', original_password: 'secret' } };
      const path = `/v3/users/${user}/password`;
      expect((await ask('POST', path, { token: before, json: password })).status).to.equal(204);
      expect(await statusOf(setting, before)).to.equal(401);

      const scoped = await login('demo', 'demo', 'new');
      const unscoped = await login('demo', undefined, 'new');
      const grant = `/v3/projects/${project}/users/${user}/roles/${role}`;
      expect((await ask('DELETE', grant, { token: admin })).status).to.equal(204);
      expect(await statusOf(setting, scoped)).to.equal(401);
      expect(await statusOf(setting, unscoped)).to.equal(200);

      const disabled = { user: { enabled: false } };
      await ask('PATCH', `/v3/users/${user}`, { token: admin, json: disabled });
      expect(await statusOf(setting, unscoped)).to.equal(401);
      await identity.expireTokens();
      expect(await statusOf(setting, admin)).to.equal(401);
      expect(await statusOf(setting, await login('admin', 'admin'))).to.equal(200);
    }));

  it('of an application credential have its roles, and end with those of the user', () =>
    withIdentity(async (setting) => {
      const { ask, login, idOf } = setting;
      const [user, project] = [await idOf('users', 'demo'), await idOf('projects', 'demo')];
      const role = await idOf('roles', 'member');
      const all = `/v3/users/${user}/application_credentials`;
      const token = await login('demo', 'demo');
      const create = (json: object) =>
        ask('POST', all, { token, json: { application_credential: json } });
      const made = await create({ name: 'ac', roles: [{ name: 'reader' }] });
      expect(made.status, made.text).to.equal(201);
      const { id, secret } = made.body['application_credential'] as {
        id: string;
        secret: string;
      };
      expect((await create({ name: 'ac' })).status).to.equal(409);
      expect((await create({ name: 'b', roles: [{ name: 'admin' }] })).status).to.equal(400);
      expect((await create({ name: 'b', expires_at: '2020-01-01T00:00:00' })).status).to.equal(400);
      expect((await create({ name: 'b', expires_at: 'soon' })).status).to.equal(400);

      const byId = credentialAuth({ id, secret });
      const byName = credentialAuth({ name: 'ac', user: inDefault('demo'), secret });
      for (const json of [byId, byName]) {
        const { status, body } = await ask('POST', tokens, { json });
        expect(status).to.equal(201);
        expect(body['token']).to.have.nested.property('roles[0].name', 'reader');
        expect(body['token']).to.have.nested.property('roles.length', 1);
      }
      const wrong = credentialAuth({ id, secret: 'x' });
      expect((await ask('POST', tokens, { json: wrong })).status).to.equal(401);
      const scoped = { auth: { ...byId.auth, scope: { project: { id: project } } } };
      expect((await ask('POST', tokens, { json: scoped })).status).to.equal(401);
      await setting.reopen();

      const own = (await ask('POST', tokens, { json: byId })).headers.get('x-subject-token')!;
      const json = { application_credential: { name: 'from-it' } };
      expect((await ask('POST', all, { token: own, json })).status).to.equal(403);
      const admin = await login('admin', 'admin');
      expect((await ask('GET', all, { token: admin })).text).to.include(id);
      expect((await ask('GET', all, { token: admin })).text).not.to.include('secret');
      expect((await ask('POST', all, { token: admin, json })).status).to.equal(403);
      const grant = `/v3/projects/${project}/users/${user}/roles/${role}`;
      await ask('DELETE', grant, { token: admin });
      expect(await statusOf(setting, own)).to.equal(401);
      expect((await ask('POST', tokens, { json: byId })).status).to.equal(401);
    }));
});
