import type { Vocabulary } from '../vocabulary.ts';

const password = {
  user: { name: 'demo', domain: { id: 'default' }, password: 'secret' },
};
const scope = { project: { name: 'demo', domain: { id: 'default' } } };

/** `self` is whose token it is: only they may make their application credentials. */
export function identity(self: string): Vocabulary {
  const own = `/v3/users/${self}/application_credentials`;
  return {
    operations: [
      ['GET /'],
      ['GET /v3'],
      ['POST /v3/auth/tokens', { auth: { identity: { methods: ['password'], password }, scope } }],
      ['POST /v3/auth/tokens', { auth: { identity: { methods: ['password'], password } } }],
      [
        'POST /v3/auth/tokens',
        { auth: { identity: { methods: ['token'], token: { id: '{token}' } }, scope } },
      ],
      [
        'POST /v3/auth/tokens',
        {
          auth: {
            identity: {
              methods: ['application_credential'],
              application_credential: { id: '{application_credential}', secret: 'secret' },
            },
          },
        },
      ],
      ['GET /v3/auth/tokens', undefined, { 'X-Subject-Token': '{token}' }],
      ['DELETE /v3/auth/tokens', undefined, { 'X-Subject-Token': 'none' }],
      ['GET /v3/auth/projects'],
      ['GET /v3/auth/catalog'],
      ['GET /v3/projects'],
      ['GET /v3/projects/{project}'],
      [
        'POST /v3/projects',
        { project: { name: 'fuzzed', domain_id: 'default', enabled: true, tags: ['a'] } },
      ],
      ['POST /v3/projects', { project: { name: 'other', description: 'x' } }],
      ['PATCH /v3/projects/{project}', { project: { description: 'y', name: 'renamed' } }],
      ['DELETE /v3/projects/{-project}'],
      ['GET /v3/users'],
      ['GET /v3/users/{user}'],
      ['GET /v3/users/{user}/projects'],
      [
        'POST /v3/users',
        { user: { name: 'fuzzed', password: 'x', default_project_id: '{project}', enabled: true } },
      ],
      ['POST /v3/users', { user: { name: 'other', email: 'x', domain_id: 'default' } }],
      ['PATCH /v3/users/{user}', { user: { name: 'renamed', password: 'y', enabled: false } }],
      [
        'POST /v3/users/{user}/password',
        { user: { original_password: 'secret', password: 'other' } },
      ],
      ['DELETE /v3/users/{-user}'],
      ['GET /v3/roles/{role}'],
      ['POST /v3/roles', { role: { name: 'fuzzed', description: 'x' } }],
      ['PATCH /v3/roles/{role}', { role: { name: 'renamed' } }],
      ['DELETE /v3/roles/{-role}'],
      ['GET /v3/projects/{project}/users/{user}/roles'],
      ['PUT /v3/projects/{project}/users/{user}/roles/{role}'],
      ['HEAD /v3/projects/{project}/users/{user}/roles/{role}'],
      ['DELETE /v3/projects/{-project}/users/{-user}/roles/{-role}'],
      ['GET /v3/role_assignments'],
      ['GET /v3/domains/default'],
      ['GET /v3/services'],
      ['GET /v3/endpoints'],
      ['GET /v3/regions'],
      [`GET ${own}`],
      [`GET ${own}/{application_credential}`],
      [
        `POST ${own}`,
        {
          application_credential: {
            name: 'fuzzed',
            secret: 'secret',
            roles: [{ name: 'member' }],
            expires_at: '2100-01-01T00:00:00Z',
            unrestricted: false,
            access_rules: [{ path: '/v3', method: 'GET', service: 'identity' }],
          },
        },
      ],
      [`POST ${own}`, { application_credential: { name: 'other', secret: 'secret' } }],
      [`DELETE ${own}/{-application_credential}`],
    ],
    queries: [
      ['name', 'fuzzed', 'admin'],
      ['name__contains', 'a'],
      ['domain_id', 'default'],
      ['limit', '1'],
      ['marker', '{project}'],
      ['enabled', 'true', 'false'],
      ['user.id', '{user}'],
      ['scope.project.id', '{project}'],
      ['role.id', '{role}'],
      ['effective', ''],
      ['include_names', 'true'],
      ['sort_key', 'name'],
      ['nocatalog', ''],
      ['allow_expired', '1'],
    ],
    headers: [
      ['X-Subject-Token', '{token}'],
      ['Accept', 'application/json', 'text/html'],
      ['Expect', '100-continue', 'more'],
    ],
  };
}
