import { FarshoreError } from '../../kernel/errors.ts';
import type { Bank } from '../bank/bank.ts';
import { manifestsIn } from '../bank/manifests.ts';
import { isEnded } from '../session/state.ts';
import type { Ledger } from '../session/ledger.ts';

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
  // Listed first: what is committed meanwhile is known when it is looked up.
  const listed = await listedIn(bank, group, signal);
  const { givenUp, unknown } = await sortOut(group, listed, ledger);
  if (unknown[0] !== undefined) throw unknownPoint(group, unknown[0], bank);
  return givenUp;
}

/** Of a group that goes; those that nobody knows of stay. */
export async function deleteOrphans(
  group: string,
  ledger: Known,
  bank: Bank,
  signal: AbortSignal,
): Promise<void> {
  const listed = await listedIn(bank, group, signal);
  for (const id of (await sortOut(group, listed, ledger)).givenUp)
    await bank.deleteManifest(group, id, signal);
}

/** Of points that a bank held a moment ago: those that nothing here knows of. */
export async function unknownPoints(
  group: string,
  listed: readonly string[],
  ledger: Known,
): Promise<readonly string[]> {
  return (await sortOut(group, listed, ledger)).unknown;
}

async function listedIn(
  { documents }: Bank,
  group: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const listed: string[] = [];
  for await (const { id } of manifestsIn(documents, group, {}, signal)) listed.push(id);
  return listed;
}

async function sortOut(group: string, listed: readonly string[], ledger: Known) {
  const pointless = new Set(await ledger.pointless(group));
  const session = await ledger.session(group);
  const running = session !== null && !isEnded(session.phase) ? [session.pointId] : [];
  // Last: a session that ended meanwhile has its point by now.
  const points = (await ledger.points(group)).map(({ id }) => id);
  const known = new Set([...points, ...running]);
  const others = listed.filter((id) => !known.has(id));
  return {
    givenUp: others.filter((id) => pointless.has(id)),
    unknown: others.filter((id) => !pointless.has(id)),
  };
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
