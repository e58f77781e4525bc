import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FarshoreError } from '../../kernel/errors.ts';
import { CloudConfigError } from '../../regions/identity/cloud-fields.ts';
import { loadClouds, type Clouds } from '../../regions/identity/clouds.ts';
import { check, type Found } from '../input/check.ts';
import { InvalidInput } from '../input/fault.ts';
import { readYaml, type YamlDocument } from '../input/yaml-file.ts';
import type { Config, RegionSettings } from './config.ts';
import { parseListen } from './listen.ts';
import type { RaftConfig } from './raft-config.ts';
import { toRaft } from './raft.ts';
import { configSchema, type ConfigFile } from './schema.ts';

export interface ConfigSources {
  /** From `--config` or FARSHORE_CONFIG; `farshore.yaml` in `cwd` unless given. */
  readonly path?: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads and checks everything before anything is opened. Relative paths in the file are relative to
 * the file. Throws `config.not-found`, `config.unreadable` or `config.invalid` with all faults,
 * those of the clouds that regions name included.
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const file = resolve(sources.cwd, sources.path ?? 'farshore.yaml');
  const read = readYaml(await readText(file));
  if (!read.ok) throw invalid(file, read.faults);
  const [document, second] = read.documents;
  if (second !== undefined)
    throw invalid(file, [{ path: '', message: 'holds several documents, expected one' }]);
  const checked = check(configSchema, document?.value ?? {});
  const faults: Found[] = checked.ok ? [] : [...checked.faults];

  const regions = new Map<string, RegionSettings>();
  let raft: RaftConfig | undefined;
  if (checked.ok) {
    faults.push(...(await addRegions(regions, checked.value, sources)));
    const found = await raftOf(checked.value, file, sources);
    if ('faults' in found) faults.push(...found.faults);
    else raft = found.value;
  }
  const listen = parseListen(checked.ok ? checked.value.api.listen : listenOf(document));
  if ('fault' in listen) faults.push(fault(['api', 'listen'], listen.fault));
  if (!checked.ok || 'fault' in listen || faults.length > 0)
    throw invalid(
      file,
      faults.map((one) => document?.withLine(one) ?? one),
    );
  const { dataDir, log, limits } = checked.value;
  return Object.freeze({
    file,
    dataDir: resolve(dirname(file), dataDir),
    api: Object.freeze(listen.address),
    log: Object.freeze(log),
    limits: Object.freeze(limits),
    regions,
    ...(raft === undefined ? {} : { raft }),
  });
}

async function addRegions(
  regions: Map<string, RegionSettings>,
  { regions: written, raft }: ConfigFile,
  { env, cwd }: ConfigSources,
): Promise<readonly Found[]> {
  if (written === undefined) {
    if (raft !== undefined && raft.region === undefined) return [];
    return [fault(['regions'], 'is missing, expected fields (only a witness needs none)')];
  }
  const faults: Found[] = [];
  const clouds = await loadClouds({ env, cwd });
  for (const [name, settings] of Object.entries(written)) {
    const found = await toRegion(name, settings, clouds);
    if ('faults' in found) faults.push(...found.faults);
    else regions.set(name, Object.freeze(found.region));
  }
  return [...faults, ...sameRegions(regions)];
}

async function raftOf(
  { raft, regions = {} }: ConfigFile,
  file: string,
  { env }: ConfigSources,
): Promise<{ readonly value: RaftConfig | undefined } | { readonly faults: readonly Found[] }> {
  if (raft === undefined) return { value: undefined };
  // Names as they were written: a region with a fault of its own is not also missing.
  const surroundings = { base: dirname(file), regions: Object.keys(regions) };
  const { FARSHORE_ETCD: binary, PATH: searchPath } = env;
  return toRaft(raft, { ...surroundings, binary, searchPath });
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new FarshoreError(isMissing ? 'there is no such file' : 'the file cannot be read', {
      code: isMissing ? 'config.not-found' : 'config.unreadable',
      kind: 'fatal',
      operation: 'read configuration',
      subject: file,
      hint: 'name it with --config or FARSHORE_CONFIG, or write farshore.yaml with at least regions: { east: { cloud: <entry of clouds.yaml> } }',
      cause: error,
    });
  }
}

type RegionResult = { readonly region: RegionSettings } | { readonly faults: readonly Found[] };

async function toRegion(
  name: string,
  settings: NonNullable<ConfigFile['regions']>[string],
  clouds: Clouds,
): Promise<RegionResult> {
  const at = ['regions', name];
  try {
    const cloud = await clouds.get(settings.cloud, settings.region);
    const regionName = settings.region ?? cloud.regionName;
    if (regionName === undefined)
      return {
        faults: [
          fault([...at, 'region'], `is missing, and cloud ${cloud.name} has no region_name either`),
        ],
      };
    const { swiftCluster = name, maxCalls, listingLag: listingLagMs, bank } = settings;
    const chosen = { ...cloud, endpointInterface: settings.interface ?? cloud.endpointInterface };
    return {
      region: {
        name,
        cloud: Object.freeze(chosen),
        regionName,
        swiftCluster,
        maxCalls,
        bank,
        ...(listingLagMs === undefined ? {} : { listingLagMs }),
      },
    };
  } catch (error) {
    if (!(error instanceof FarshoreError)) throw error;
    // Gathered with the file's other faults.
    const messages =
      error instanceof CloudConfigError
        ? error.faults.map(({ path, message }) => `${path}: ${message}`)
        : [
            `${settings.cloud}: ${error.message}${error.hint === undefined ? '' : `; ${error.hint}`}`,
          ];
    return { faults: messages.map((message) => fault([...at, 'cloud'], message)) };
  }
}

/** Copies in the region that they are to survive would be none. */
function sameRegions(regions: ReadonlyMap<string, RegionSettings>): readonly Found[] {
  const seen = new Map<string, string>();
  const faults: Found[] = [];
  for (const { name, cloud, regionName } of regions.values()) {
    const identity = `${cloud.authUrl} ${regionName}`;
    const other = seen.get(identity);
    if (other === undefined) seen.set(identity, name);
    else
      faults.push(
        fault(
          ['regions', name],
          `is the same region as ${other}: ${regionName} at ${cloud.authUrl}`,
        ),
      );
  }
  return faults;
}

function fault(at: readonly string[], message: string): Found {
  return { at, path: at.join('.'), message };
}

/** The address is checked even where other fields are wrong, so that all faults are told at once. */
function listenOf(document: YamlDocument | undefined): string {
  const file = document?.value as
    { readonly api?: { readonly listen?: unknown } | null } | null | undefined;
  const listen = file?.api?.listen;
  return typeof listen === 'string' ? listen : '127.0.0.1:8470';
}

function invalid(
  file: string,
  faults: ConstructorParameters<typeof InvalidInput>[0],
): InvalidInput {
  return new InvalidInput(faults, {
    code: 'config.invalid',
    operation: 'read configuration',
    subject: file,
    hint: 'correct it and start again; farshore config check shows the same',
  });
}
