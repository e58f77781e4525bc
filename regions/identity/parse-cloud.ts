import type { Credentials, DomainRef, EndpointInterface, UserRef } from './cloud-config.ts';
import type { CloudFields } from './cloud-fields.ts';

/** A cloud's entry before its PEM files were read. */
export interface ParsedCloud {
  readonly authUrl: string;
  readonly credentials: Credentials;
  readonly regionName: string | undefined;
  readonly endpointInterface: EndpointInterface;
  readonly verify: boolean;
  readonly files: Readonly<Partial<Record<'cacert' | 'cert' | 'key', string>>>;
}

/**
 * Field names and their meanings are those of openstacksdk's clouds.yaml. Faults are left in
 * `fields`; the result is of use only when there are none. Fields of other tools are passed over.
 */
export function parseCloud(fields: CloudFields): ParsedCloud {
  const version = fields.text('identity_api_version');
  if (version !== undefined && !/^3(\.\d+)?$/.test(version))
    fields.fault('identity_api_version', 'must be 3: Keystone v2 is not supported');
  const [cacert, cert, key] = [fields.text('cacert'), fields.text('cert'), fields.text('key')];
  if (cert === undefined && key !== undefined) fields.fault('key', 'needs cert as well');
  return {
    authUrl: authUrl(fields),
    credentials: credentials(fields),
    regionName: fields.text('region_name'),
    endpointInterface: endpointInterface(fields),
    verify: fields.isTrue('verify', !fields.isTrue('insecure', false)),
    files: {
      ...(cacert === undefined ? {} : { cacert }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  };
}

function authUrl(fields: CloudFields): string {
  const text = fields.required('auth_url').replace(/\/+$/, '');
  if (text === '') return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    fields.fault('auth_url', 'must be an http or https URL, like https://keystone:5000/v3');
  else if (url.username !== '' || url.password !== '' || url.search !== '')
    fields.fault('auth_url', 'must hold no user, password or query');
  else if (/\/v2(\.0)?$/.test(url.pathname))
    fields.fault('auth_url', 'must lead to Keystone v3, not v2');
  return text.endsWith('/v3') ? text : `${text}/v3`;
}

function credentials(fields: CloudFields): Credentials {
  const kind = credentialKind(fields);
  if (kind === 'application-credential') {
    const id = fields.text('application_credential_id');
    const secret = fields.required('application_credential_secret');
    if (id !== undefined) return { kind, credential: { id }, secret };
    const name = fields.text('application_credential_name');
    if (name !== undefined) return { kind, credential: { name, user: user(fields) }, secret };
    fields.fault('application_credential_id', 'is missing (or application_credential_name)');
    return { kind, credential: { id: '' }, secret };
  }
  const password = fields.required('password');
  const projectId = fields.text('project_id', 'tenant_id');
  if (projectId !== undefined)
    return { kind, user: user(fields), password, project: { id: projectId } };
  const name = fields.text('project_name', 'tenant_name');
  if (name === undefined) fields.fault('project_name', 'is missing (or project_id)');
  const project = { name: name ?? '', domain: domain(fields, 'project') };
  return { kind, user: user(fields), password, project };
}

function credentialKind(fields: CloudFields): Credentials['kind'] {
  const type = fields.text('auth_type');
  switch (type) {
    case undefined:
      return fields.text('application_credential_secret') === undefined
        ? 'password'
        : 'application-credential';
    case 'password':
    case 'v3password':
      return 'password';
    case 'v3applicationcredential':
      return 'application-credential';
    default:
      fields.fault('auth_type', `'${type}' is not supported: password or v3applicationcredential`);
      return 'password';
  }
}

function user(fields: CloudFields): UserRef {
  const id = fields.text('user_id');
  if (id !== undefined) return { id };
  const name = fields.text('username', 'user_name');
  if (name === undefined) fields.fault('username', 'is missing (or user_id)');
  return { name: name ?? '', domain: domain(fields, 'user') };
}

function domain(fields: CloudFields, whose: 'user' | 'project'): DomainRef {
  const id = fields.text(`${whose}_domain_id`);
  if (id !== undefined) return { id };
  const name = fields.text(`${whose}_domain_name`);
  if (name !== undefined) return { name };
  const commonId = fields.text('domain_id', 'default_domain_id', 'default_domain');
  if (commonId !== undefined) return { id: commonId };
  const commonName = fields.text('domain_name', 'default_domain_name');
  if (commonName !== undefined) return { name: commonName };
  fields.fault(`${whose}_domain_name`, `is missing (or ${whose}_domain_id)`);
  return { id: '' };
}

function endpointInterface(fields: CloudFields): EndpointInterface {
  const key = fields.text('interface') === undefined ? 'endpoint_type' : 'interface';
  const value = fields.text(key)?.replace(/URL$/, '') ?? 'public';
  if (value === 'public' || value === 'internal' || value === 'admin') return value;
  fields.fault(key, 'must be public, internal or admin');
  return 'public';
}
