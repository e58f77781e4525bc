import { FarshoreError } from '../../kernel/errors.ts';
import type { Bank } from '../bank/bank.ts';
import { readBounded } from '../bank/documents.ts';
import { manifestObject, manifestsIn } from '../bank/manifests.ts';
import { publishedKeys } from '../bank/signed.ts';
import { examine, placeBefore } from '../point/survey.ts';
import type { PointManifest } from '../point/types.ts';
import { isEnded } from '../session/state.ts';
import type { Ledger } from '../session/ledger.ts';
import type { Session } from '../session/types.ts';

type Known = Pick<Ledger, 'points' | 'session' | 'pointless'>;

/**
 * Manifests in the bank that are no point and never will be: a session wrote them and was given up
 * before it committed, or its point has expired and the request that wrote it was carried out late.
 * Throws `retention.unknown-point` for one that nothing here knows of: the state is older than the bank,
 * or another installation wrote it, and nobody can say what it needs.
 */
export async function orphansOf(
  group: string,
  ledger: Known,
  bank: Bank,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { givenUp, unknown } = await compare(group, ledger, bank, signal);
  if (unknown[0] !== undefined) throw unknownPoint(group, unknown[0], bank);
  return givenUp;
}

/**
 * Before anything of a session is written: throws `bank.group-differs` where the bank's points go on from where
 * the state's end, as when an older copy of it was put back. What the session made would follow the same point
 * as one that is there. What no key of the bank has signed says nothing, nor does what comes before the newest
 * point that is known, or is of a deleted group of the name: that is retention's to judge. (A point that took the
 * place of one deleted since the copy was made is taken for such a one.)
 */
export async function requireNoneAhead(
  { group, generation, targetRegion }: Pick<Session, 'group' | 'generation' | 'targetRegion'>,
  createdAt: string,
  ledger: Known,
  bank: Bank,
  signal: AbortSignal,
): Promise<void> {
  const { unknown } = await compare(group, ledger, bank, signal);
  if (unknown.length === 0) return;
  const newest = Math.max(0, ...(await ledger.points(group)).map(({ sequence }) => sequence));
  const published = await publishedKeys(bank.documents, signal);
  const keys = new Map(published.map((key) => [key.fingerprint, key]));
  const ring = { keys, trusted: new Set<string>() };
  for (const id of unknown) {
    const object = manifestObject(group, id);
    const body = await readBounded(bank.documents, object, signal);
    // Not Buffer: deleted since it was listed, or too large to be one.
    if (!(body instanceof Buffer)) continue;
    const { manifest, problem } = examine({ group, id, object }, body, ring);
    // What it follows, only that release can tell.
    if (problem?.code === 'point.not-understood') throw ofNewer(group, id, bank);
    if (manifest === null || manifest.generation < generation) continue;
    if (Date.parse(manifest.cutEnd) < Date.parse(createdAt)) continue;
    if (placeBefore(manifest) >= newest) throw ahead(manifest, targetRegion, bank);
  }
}

/** Of a group that goes; those that nobody knows of stay. */
export async function deleteOrphans(
  group: string,
  ledger: Known,
  bank: Bank,
  signal: AbortSignal,
): Promise<void> {
  const { givenUp } = await compare(group, ledger, bank, signal);
  for (const id of givenUp) await bank.deleteManifest(group, id, signal);
}

/** Of points that a bank held a moment ago: those that nothing here knows of. */
export async function unknownPoints(
  group: string,
  listed: readonly string[],
  ledger: Known,
): Promise<readonly string[]> {
  return (await sortOut(group, listed, ledger)).unknown;
}

async function compare(group: string, ledger: Known, { documents }: Bank, signal: AbortSignal) {
  // Listed first: what is committed meanwhile is known when it is looked up.
  const listed: string[] = [];
  for await (const { id } of manifestsIn(documents, group, {}, signal)) listed.push(id);
  return sortOut(group, listed, ledger);
}

async function sortOut(group: string, listed: readonly string[], ledger: Known) {
  const pointless = new Set(await ledger.pointless(group));
  const session = await ledger.session(group);
  // One that has not sealed its manifest yet has written none: it is from before this state was put back.
  const isSealing = session !== null && !isEnded(session.phase) && session.manifest !== undefined;
  const running = isSealing ? [session.pointId] : [];
  // Last: a session that ended meanwhile has its point by now.
  const points = (await ledger.points(group)).map(({ id }) => id);
  const known = new Set([...points, ...running]);
  const others = listed.filter((id) => !known.has(id));
  return {
    givenUp: others.filter((id) => pointless.has(id)),
    unknown: others.filter((id) => !pointless.has(id)),
  };
}

function ahead({ id, group, cutEnd }: PointManifest, region: string, bank: Bank): FarshoreError {
  return differs(
    group,
    `the bank ${bank.documents.place} holds point ${id} of ${cutEnd}, which comes after all that this controller knows of the group, as when its state is an older copy`,
    `farshore bank rebuild ${region} --group ${group} --replace takes in what the bank holds`,
  );
}

function ofNewer(group: string, id: string, { documents }: Bank): FarshoreError {
  return differs(
    group,
    `the bank ${documents.place} holds point ${id}, which this controller does not know and a newer release wrote`,
    'upgrade farshore',
  );
}

function differs(subject: string, message: string, advice: string): FarshoreError {
  return new FarshoreError(message, {
    code: 'bank.group-differs',
    kind: 'permanent',
    operation: 'use bank',
    subject,
    hint: `${advice}. Nothing was shipped, and nothing in the bank was changed`,
  });
}

function unknownPoint(group: string, id: string, bank: Bank): FarshoreError {
  return new FarshoreError(
    'the bank holds a point that this controller does not know, so nothing of the group is deleted',
    {
      code: 'retention.unknown-point',
      kind: 'permanent',
      operation: 'expire recovery points',
      subject: `${group}/${id}`,
      hint: `farshore bank verify shows what ${bank.documents.place} holds; farshore bank rebuild --replace takes it in`,
    },
  );
}
