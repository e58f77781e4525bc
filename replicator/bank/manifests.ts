import type { Documents, ListFrom } from './documents.ts';

/** Name of a point's manifest in the bank. */
export function manifestObject(group: string, point: string): string {
  return `${folderOf(group)}${point}.json`;
}

/** The manifests of a group that a listing shows, by their points' names. */
export async function* manifestsIn(
  documents: Documents,
  group: string,
  options: ListFrom = {},
  signal?: AbortSignal,
): AsyncGenerator<{ readonly id: string; readonly object: string }> {
  const folder = folderOf(group);
  for await (const object of documents.list(folder, options, signal))
    yield { id: object.slice(folder.length).replace(/\.json$/, ''), object };
}

function folderOf(group: string): string {
  return `${group}/points/`;
}
