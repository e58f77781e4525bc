import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Region } from '../region.ts';

export interface Dataset {
  readonly prefix: string;
  readonly volumes: Readonly<Record<'data' | 'ledger' | 'empty', string>>;
  readonly images: Readonly<Record<'raw' | 'qcow2' | 'chosen', string>>;
}

/** What a user can see of a dataset: equal in two regions when every byte and property is. */
export interface Fingerprint {
  readonly volumes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly images: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly containers: Readonly<
    Record<string, { readonly headers: object; readonly objects: Readonly<Record<string, object>> }>
  >;
}

/** Containers of the dataset that are members of the group; segments' containers follow by themselves. */
export const containerSuffixes = ['docs', 'media'] as const;

/** Makes volumes, images and containers in the region's project demo with the ordinary clients. */
export async function makeDataset(
  region: Region,
  prefix: string,
  objects: number,
): Promise<Dataset> {
  const made = (await region.python(await script('dataset.py'), [prefix, String(objects)])) as Omit<
    Dataset,
    'prefix'
  >;
  return { prefix, ...made };
}

/** Reads everything back through python clients and the volumes' files. */
export async function fingerprint(region: Region, prefix: string): Promise<Fingerprint> {
  const args = [prefix, JSON.stringify(containerSuffixes)];
  return (await region.python(await script('fingerprint.py'), args)) as Fingerprint;
}

/** The policy and group that protect a dataset. */
export function documentsFor(prefix: string, policy: object = {}): readonly object[] {
  return [
    {
      kind: 'policy',
      name: `${prefix}-policy`,
      objectives: { rpo: '2h', rto: '1h' },
      schedule: { every: '1h' },
      retention: { last: 10 },
      target: 'west',
      volumes: { maxIncrementals: 6 },
      ...policy,
    },
    {
      kind: 'group',
      name: prefix,
      policy: `${prefix}-policy`,
      source: { region: 'east', project: 'demo' },
      target: { project: 'demo' },
      members: [
        { volume: `${prefix}-data` },
        { volume: `${prefix}-ledger` },
        { volume: `${prefix}-empty` },
        { images: { name: `${prefix}-*` } },
        ...containerSuffixes.map((suffix) => ({ container: `${prefix}-${suffix}` })),
      ],
    },
  ];
}

function script(name: string): Promise<string> {
  return readFile(join(import.meta.dirname, name), 'utf8');
}
