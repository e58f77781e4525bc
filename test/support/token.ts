export interface IssuedToken {
  readonly token: string;
  readonly projectId: string;
}

/** For admin in project demo, as embedded regions are seeded. */
export async function issueToken(url: string): Promise<IssuedToken> {
  const user = { name: 'admin', domain: { id: 'default' }, password: 'secret' };
  const response = await fetch(`${url}/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: { methods: ['password'], password: { user } },
        scope: { project: { name: 'demo', domain: { id: 'default' } } },
      },
    }),
  });
  if (response.status !== 201) throw new Error(`Keystone answered ${response.status}`);
  const { token } = (await response.json()) as { token: { project: { id: string } } };
  return {
    token: response.headers.get('x-subject-token') ?? '',
    projectId: token.project.id,
  };
}
