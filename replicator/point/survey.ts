import { FarshoreError } from '../../kernel/errors.ts';
import type { Bank } from '../bank/bank.ts';
import { readBounded } from '../bank/documents.ts';
import { manifestsIn } from '../bank/manifests.ts';
import { authenticityOf, partsOf, type Authenticity, type Keyring } from '../bank/signed.ts';
import { decodeManifest, manifestSha256 } from './manifest.ts';
import type { PointManifest } from './types.ts';

/** A manifest as it lies in the bank, whoever wrote it. */
export interface FoundManifest {
  readonly id: string;
  readonly object: string;
  readonly sha256: string;
  readonly authenticity: Authenticity;
  /** Fingerprint that its signature names. */
  readonly key: string | null;
  /** Null: it is none, or is not understood; `problem` says which. */
  readonly manifest: PointManifest | null;
  /** Why no point can be made of it; null: one can. */
  readonly problem: { readonly code: string; readonly message: string } | null;
}

export interface Survey {
  /** In the order of their chain, the oldest first. */
  readonly found: readonly FoundManifest[];
  /** Contradictions between them: for each, two manifests cannot both be what they say. */
  readonly conflicts: readonly { readonly code: string; readonly message: string }[];
}

/** Reads all manifests of a group by nothing but the bank. What could not be asked throws. */
export async function surveyPoints(
  bank: Pick<Bank, 'documents'>,
  group: string,
  ring: Keyring,
  signal: AbortSignal,
): Promise<Survey> {
  const found: FoundManifest[] = [];
  for await (const { id, object } of manifestsIn(bank.documents, group, {}, signal)) {
    const body = await readBounded(bank.documents, object, signal);
    // Deleted since it was listed.
    if (body === null) continue;
    found.push(
      body instanceof FarshoreError
        ? unread({ id, object }, body)
        : examine({ group, id, object }, body, ring),
    );
  }
  return { found: inOrder(found), conflicts: conflictsIn(found) };
}

/** What no Farshore wrote: whose it is, is not asked. */
function unread(
  at: { readonly id: string; readonly object: string },
  { code, message }: FarshoreError,
): FoundManifest {
  const nothing = { sha256: '', authenticity: 'unsigned', key: null, manifest: null } as const;
  return { ...at, ...nothing, problem: { code, message } };
}

/** One that was read: what it says, if its signature is worth anything. */
export function examine(
  at: { readonly group: string; readonly id: string; readonly object: string },
  body: Buffer,
  ring: Keyring,
): FoundManifest {
  const parts = partsOf(body);
  const authenticity = authenticityOf(parts, ring);
  const { id, object } = at;
  const key = parts.signature?.key ?? null;
  const about = { id, object, sha256: manifestSha256(body), authenticity, key };
  // Its words are not even read: a forger chose them.
  if (!isSigned(about)) return { ...about, manifest: null, problem: worthless(authenticity, key) };
  try {
    return { ...about, manifest: decodeManifest(body, at), problem: null };
  } catch (error) {
    if (!(error instanceof FarshoreError)) throw error;
    return { ...about, manifest: null, problem: { code: error.code, message: error.message } };
  }
}

function isSigned({ authenticity }: Pick<FoundManifest, 'authenticity'>): boolean {
  return authenticity === 'authentic' || authenticity === 'unverified';
}

function worthless(authenticity: Authenticity, key: string | null) {
  const message =
    authenticity === 'unsigned'
      ? 'it bears no signature'
      : authenticity === 'unknown-key'
        ? `nobody has the key ${key ?? ''} that its signature names`
        : `its signature is not that of the key ${key ?? ''}: it was altered, or made up`;
  return { code: 'point.not-authentic', message };
}

/**
 * Each after the one that it names as the one before it; else by generation, by the place that it names, since
 * retention takes points out of the middle, and by the end of its cut, which clocks tell.
 */
function inOrder(found: readonly FoundManifest[]): readonly FoundManifest[] {
  const left = new Map(found.toSorted(byPlace).map((each) => [each.id, each]));
  const ordered: FoundManifest[] = [];
  while (left.size > 0) {
    const isFree = ({ manifest }: FoundManifest): boolean =>
      !left.has(manifest?.previous?.id ?? '');
    const [first] = left.values();
    // A circle is a lie; it is told among the conflicts.
    const next = [...left.values()].find(isFree) ?? first;
    if (next === undefined) break;
    left.delete(next.id);
    ordered.push(next);
  }
  return ordered;
}

/** Less than its own place among the group's points, and not less than that of any before it. */
export function placeBefore(manifest: PointManifest | null): number {
  return manifest?.previous?.sequence ?? 0;
}

function byPlace(a: FoundManifest, b: FoundManifest): number {
  const inGenerations = (a.manifest?.generation ?? 0) - (b.manifest?.generation ?? 0);
  if (inGenerations !== 0) return inGenerations;
  const inPlaces = placeBefore(a.manifest) - placeBefore(b.manifest);
  if (inPlaces !== 0) return inPlaces;
  const [atA, atB] = [a, b].map(({ manifest }) => Date.parse(manifest?.cutEnd ?? '') || 0);
  return (atA ?? 0) - (atB ?? 0) || (a.id < b.id ? -1 : 1);
}

/**
 * A predecessor that is not there any more is none: retention takes points out of the middle too. One that
 * is not authentic says nothing: it is damaged, and the others are not.
 */
function conflictsIn(found: readonly FoundManifest[]): Survey['conflicts'] {
  const known = new Map(found.map((each) => [each.id, each]));
  const successors = new Map<string, string>();
  const conflicts: { code: string; message: string }[] = [];
  for (const { id, manifest } of found) {
    if (manifest === null) continue;
    const { previous } = manifest;
    const before = previous === null ? undefined : known.get(previous.id);
    if (
      previous !== null &&
      before !== undefined &&
      isSigned(before) &&
      before.sha256 !== previous.sha256
    )
      conflicts.push({
        code: 'chain.altered',
        message: `${id} names ${previous.id} with SHA-256 ${previous.sha256}, and there it is ${before.sha256}`,
      });
    const link = previous?.id ?? '';
    const other = successors.get(link);
    if (other !== undefined)
      conflicts.push({
        code: 'chain.forked',
        message: `${other} and ${id} both say that they follow ${link === '' ? 'nothing' : link}`,
      });
    successors.set(link, id);
    if (manifest.region !== found.find((each) => each.manifest !== null)?.manifest?.region)
      conflicts.push({
        code: 'chain.elsewhere',
        message: `${id} says that its copies lie in ${manifest.region}`,
      });
  }
  return conflicts;
}
