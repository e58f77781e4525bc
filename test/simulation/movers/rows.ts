import type { Bank, CatalogRef } from '../../../replicator/bank/bank.ts';
import { resourceKey, type Copy, type Finding } from '../../../replicator/mover.ts';
import { known } from '../../support/known-kinds.ts';
import { copyName } from '../world/types.ts';
import { rowOf, type Row } from '../world/shapes.ts';

/** Every catalog of a copy, oldest first. */
export function catalogRefsOf(any: Copy): readonly CatalogRef[] {
  const copy = known(any);
  switch (copy.kind) {
    case 'volume':
      return copy.chain.map(({ catalog }) => catalog);
    case 'container':
      return [copy.catalog];
    case 'image':
      return [];
  }
}

/** What the copy's catalogs say, one after another. Throws `bank.catalog-missing`. */
export async function rowsOf(
  any: Copy,
  bank: Bank,
  signal: AbortSignal,
): Promise<readonly (readonly Row[])[]> {
  const copy = known(any);
  if (copy.kind === 'image') return [[imageRow(copy.hashValue)]];
  const all: (readonly Row[])[] = [];
  for (const ref of catalogRefsOf(copy)) {
    const rows: Row[] = [];
    for await (const line of bank.readCatalog(ref, signal)) rows.push(rowOf(line));
    all.push(rows);
  }
  return all;
}

/** What a restore of it holds. */
export function merged(rows: readonly (readonly Row[])[]): ReadonlyMap<string, string> {
  const content = new Map<string, string>();
  for (const [object, value] of rows.flat())
    if (value === null) content.delete(object);
    else content.set(object, value);
  return content;
}

/** Names of all stored objects that the copy needs, those of its parents included. */
export function copyNames(copy: Copy, rows: readonly (readonly Row[])[]): readonly string[] {
  const { kind, id } = copy.resource;
  return rows
    .flat()
    .flatMap(([object, value]) => (value === null ? [] : [copyName(kind, id, object, value)]));
}

/** A finding about one of these objects; a container's tells its key apart from its name, as the product's do. */
export function findingOf({ resource }: Copy, name: string, problem: Finding['problem']): Finding {
  const flaw = { resource: resourceKey(resource), problem, detail: '-' };
  if (resource.kind !== 'container') return { ...flaw, subject: name };
  const [path = ''] = name.slice('container/'.length).split('@');
  return { ...flaw, subject: path, stored: name };
}

/** Of the stored object that a finding is about. */
export function nameOf({ subject, stored = subject }: Pick<Finding, 'subject' | 'stored'>): string {
  return stored;
}

/** An image's one object, out of the name that stands for its hash. */
function imageRow(hash: string): Row {
  const [, , objectAndValue] = hash.split('/');
  const [object, value] = (objectAndValue ?? '').split('@');
  return [object ?? '', value ?? ''];
}
