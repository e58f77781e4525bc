import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { FarshoreError } from '../../kernel/errors.ts';
import type { CloudConfig, TlsConfig } from './cloud-config.ts';
import { wholeEntry } from './cloud-entry.ts';
import { CloudConfigError, CloudFields, type FieldSource } from './cloud-fields.ts';
import { type Entries, type Environment, findDocument, isMap, merged } from './clouds-file.ts';
import { parseCloud, type ParsedCloud } from './parse-cloud.ts';

/** The cloud that the `OS_*` variables make up. */
const environmentCloud = 'envvars';

/** The entries of clouds.yaml with what secure.yaml adds and their profiles say, and `envvars`. */
export interface Clouds {
  /** Sorted; `envvars` only when OS_AUTH_URL is set. */
  readonly names: readonly string[];
  /** The files that were found and read. */
  readonly files: readonly string[];
  /**
   * The entry, for one of its `regions` where it has several: the first unless given. Throws
   * `config.cloud-unknown`, or a CloudConfigError (`config.cloud-invalid`) with all faults.
   */
  get(name: string, region?: string): Promise<CloudConfig>;
}

/**
 * Looks for clouds.yaml, secure.yaml and clouds-public.yaml as openstacksdk does: OS_CLIENT_CONFIG_FILE,
 * OS_CLIENT_SECURE_FILE and OS_CLIENT_VENDOR_FILE, `cwd`, ~/.config/openstack, /etc/openstack; the first of each is taken.
 * Without any, only `envvars` is there. Throws `config.clouds-unreadable`.
 */
export async function loadClouds(sources: {
  readonly env: Environment;
  readonly cwd: string;
}): Promise<Clouds> {
  const { env, cwd } = sources;
  const folders = [
    cwd,
    ...(env.HOME === undefined ? [] : [join(env.HOME, '.config/openstack')]),
    '/etc/openstack',
  ];
  const clouds = await findDocument('clouds', env.OS_CLIENT_CONFIG_FILE, folders);
  const secure = await findDocument('secure', env.OS_CLIENT_SECURE_FILE, folders);
  const vendors = await findDocument('clouds-public', env.OS_CLIENT_VENDOR_FILE, folders);
  const files = [clouds, secure, vendors].flatMap((found) =>
    found === undefined ? [] : [found.file],
  );
  const entries = merged(clouds?.clouds ?? {}, secure?.clouds ?? {});
  const names = Object.keys(entries);
  if (env.OS_AUTH_URL !== undefined && !names.includes(environmentCloud))
    names.push(environmentCloud);
  names.sort();

  const get = async (name: string, region?: string): Promise<CloudConfig> => {
    const entry = entries[name];
    if (entry === undefined && name !== environmentCloud) throw unknownCloud(name, names, files);
    const faults: [key: string, message: string][] = [];
    const source =
      entry === undefined
        ? fromEnvironment(env)
        : fromEntry(
            name,
            wholeEntry(entry, {
              publicClouds: vendors?.clouds ?? {},
              wantedRegion: region,
              fault: (...found) => faults.push(found),
            }),
          );
    const fields = new CloudFields(source);
    for (const found of faults) fields.fault(...found);
    const parsed = parseCloud(fields);
    const tls = await readTls(parsed, fields, { cwd, home: env.HOME });
    if (fields.faults.length > 0)
      throw new CloudConfigError(
        name,
        fields.faults,
        entry === undefined ? 'the environment' : files.join(' or '),
      );
    const { authUrl, credentials, regionName, endpointInterface } = parsed;
    return Object.freeze({
      name,
      authUrl,
      credentials,
      ...(regionName === undefined ? {} : { regionName }),
      endpointInterface,
      tls,
    });
  };
  return { names, files, get };
}

function fromEnvironment(env: Environment): FieldSource {
  const pathOf = (key: string) => `OS_${key.toUpperCase()}`;
  return { value: (key) => env[pathOf(key)], pathOf };
}

const outsideAuth = new Set([
  'auth_type',
  'cacert',
  'cert',
  'endpoint_type',
  'identity_api_version',
  'insecure',
  'interface',
  'key',
  'profile',
  'region_name',
  'regions',
  'verify',
]);

function fromEntry(name: string, entry: Entries): FieldSource {
  const at = (value: unknown, key: string): unknown => (isMap(value) ? value[key] : undefined);
  // As in openstacksdk, what belongs under `auth` may also stand beside it.
  return {
    value: (key) =>
      (outsideAuth.has(key) ? undefined : at(at(entry, 'auth'), key)) ?? at(entry, key),
    pathOf: (key) => `clouds.${name}.${outsideAuth.has(key) ? '' : 'auth.'}${key}`,
  };
}

async function readTls(
  parsed: ParsedCloud,
  fields: CloudFields,
  where: { readonly cwd: string; readonly home: string | undefined },
): Promise<TlsConfig> {
  const pem: Partial<Record<'ca' | 'cert' | 'key', string>> = {};
  for (const [field, name] of [
    ['cacert', 'ca'],
    ['cert', 'cert'],
    ['key', 'key'],
  ] as const) {
    const given = parsed.files[field];
    if (given === undefined) continue;
    const path = given.startsWith('~/') ? join(where.home ?? '', given.slice(1)) : given;
    try {
      pem[name] = await readFile(isAbsolute(path) ? path : join(where.cwd, path), 'utf8');
      if (!pem[name].includes('-----BEGIN')) fields.fault(field, `'${path}' is not a PEM file`);
    } catch (error) {
      // Gathered with the entry's other faults instead of thrown on its own.
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
      fields.fault(field, `'${path}' cannot be read (${code})`);
    }
  }
  return { verify: parsed.verify, ...pem };
}

function unknownCloud(
  name: string,
  names: readonly string[],
  files: readonly string[],
): FarshoreError {
  const where = files.length === 0 ? 'no clouds.yaml was found' : `not in ${files.join(' or ')}`;
  const known = names.length === 0 ? 'there are none' : `known are ${names.join(', ')}`;
  return new FarshoreError(`there is no cloud of that name: ${where}`, {
    code: 'config.cloud-unknown',
    kind: 'permanent',
    operation: 'read cloud entry',
    subject: name,
    hint: `${known}; add it to clouds.yaml or set OS_CLIENT_CONFIG_FILE`,
  });
}
