import type { Reply, Seen } from './http-server.ts';

const domain = { id: 'default', name: 'Default' };
const fakeProjects = [
  { id: 'p-home', name: 'home', domain_id: 'default' },
  { id: 'p-other', name: 'other', domain_id: 'default' },
  { id: 'p-elsewhere', name: 'other', domain_id: 'd2' },
] as const;

/**
 * Answers Keystone's API v3 for user `op` with password `right`, or application credential `ac`:
 * tokens are `<project>-<number>`; the catalogue leads back to the server. Gives undefined for what
 * is not Keystone's.
 */
export class FakeKeystone {
  lifeSeconds = 3_600;
  isDown = false;
  /** A token that is refused. */
  revoked = '';
  services: readonly string[] = ['object-store', 'volumev3', 'image'];
  #issued = 0;

  answer(seen: Seen, url: string): Reply | undefined {
    if (!seen.url.startsWith('/identity/v3')) return undefined;
    if (this.isDown) return { status: 503 };
    const path = seen.url.slice('/identity/v3'.length);
    if (path === '/auth/tokens' && seen.method === 'POST') return this.#issue(seen, url);
    if (seen.headers['x-auth-token'] === this.revoked) return { status: 401 };
    if (path.startsWith('/auth/tokens')) return { status: 200, body: {} };
    if (path === '/auth/projects') return { status: 200, body: { projects: fakeProjects } };
    if (path === '/projects/hidden') return { status: 403 };
    if (path === '/projects/no-role') return { status: 200, body: {} };
    if (path.startsWith('/projects?')) return { status: 200, body: { projects: [] } };
    return { status: 404 };
  }

  get issued(): number {
    return this.#issued;
  }

  #issue(seen: Seen, url: string): Reply {
    const { auth } = JSON.parse(seen.body.toString()) as {
      auth: {
        identity: {
          password?: { user: { password: string } };
          application_credential?: { id: string; secret: string };
        };
        scope?: { project: { id?: string; name?: string } };
      };
    };
    const { password, application_credential } = auth.identity;
    const scope = auth.scope?.project;
    const project =
      application_credential === undefined
        ? fakeProjects.find(({ id, name }) => id === scope?.id || name === scope?.name)
        : fakeProjects[0];
    const isRight =
      password?.user.password === 'right' || application_credential?.secret === 'right';
    if (!isRight || project === undefined)
      return {
        status: 401,
        body: { error: { message: 'The request you have made requires authentication.' } },
      };
    this.#issued += 1;
    const issuedMs = Date.parse('2020-01-01T00:00:00Z');
    return {
      status: 201,
      headers: { 'x-subject-token': `${project.id}-${this.#issued}` },
      body: {
        token: {
          issued_at: new Date(issuedMs).toISOString(),
          expires_at: new Date(issuedMs + this.lifeSeconds * 1_000).toISOString(),
          user: { id: 'u1', name: 'op', domain },
          project: { id: project.id, name: project.name, domain },
          catalog: this.services.map((type) => ({
            type,
            name: type,
            endpoints: [
              {
                interface: 'public',
                region: 'RegionOne',
                region_id: 'RegionOne',
                url:
                  type === 'object-store' ? `${url}/swift/v1/AUTH_${project.id}` : `${url}/${type}`,
              },
            ],
          })),
        },
      },
    };
  }
}
