import type { Documents } from './documents.ts';

/** Names of the groups that a bank holds anything of: one request each, however much that is. */
export async function* groupsIn(
  documents: Documents,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  let after: string | undefined;
  for (;;) {
    const from = after === undefined ? {} : { after };
    const name = await firstOf(documents.list('', { ...from, pageSize: 1 }, signal));
    if (name === null) return;
    const slash = name.indexOf('/');
    if (slash < 0) after = name;
    else {
      const first = name.slice(0, slash);
      // Not of a group: claims of who would own the bank, public keys.
      if (!ownFolders.has(first)) yield first;
      // Past all names of this folder: the character after its slash.
      after = `${first}0`;
    }
  }
}

/** Beside the groups, which have no names like these. */
const ownFolders: ReadonlySet<string> = new Set(['.claims', '.keys']);

async function firstOf(names: AsyncIterable<string>): Promise<string | null> {
  for await (const name of names) return name;
  return null;
}
