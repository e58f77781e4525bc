import { hasStatus } from '../../../regions/http/request-error.ts';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import type { Ambient } from '../../../kernel/ambient.ts';
import type { TargetContext } from '../../mover.ts';
import { parallel } from '../../transfer/parallel.ts';
import { mergeByName } from '../catalog/merge.ts';
import { catalogRows, isDeleteMarker, kindOf, versionOf, type CatalogRow } from '../catalog/row.ts';
import { RowFile } from '../catalog/row-file.ts';
import type { MirrorCopy } from '../types.ts';
import { flawOf, flawOfInfo, missing } from './compare.ts';
import type { Findings } from '../../findings.ts';

export interface VerifyDeps {
  readonly ambient: Ambient;
  readonly spoolDir: string;
}

const askedAtOnce = 8;

/**
 * Proves each row by listings, one page at a time: the mirror's current state proves the rows of the
 * newest point; what it does not prove is looked for among all versions; and what listings do not
 * prove, since they lag, is asked for one by one. Only what is then still wrong is a finding. So a
 * copy that is the newest costs one request a page.
 */
export async function verifyListing(
  copy: MirrorCopy,
  at: TargetContext,
  deps: VerifyDeps,
  findings: Findings,
): Promise<void> {
  const { signal } = at;
  const { spoolDir, ambient } = deps;
  const rows = catalogRows(at.bank.readCatalog(copy.catalog, signal));
  const store = at.target.objectStore;
  try {
    const byCurrent = unproven(rows, store.list(copy.mirror, { signal }), findings);
    await using left = await RowFile.write(spoolDir, ambient.random, byCurrent, signal);
    if (left.count === 0) return;
    const versions = store.list(copy.mirror, { versions: true, signal });
    const byVersion = unproven(left.rows(), withoutMarkers(versions), null);
    await using suspects = await RowFile.write(spoolDir, ambient.random, byVersion, signal);
    await parallel(suspects.rows(), askedAtOnce, signal, (row, inner) =>
      askFor(row, copy, { ...at, signal: inner }, findings),
    );
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    const detail = `the mirror is not in region ${at.target.region}`;
    findings.add(copy.mirror, 'missing', detail, copy.catalog.rows);
  }
}

async function* unproven(
  rows: AsyncIterable<CatalogRow>,
  listing: AsyncIterable<ListingRow>,
  findings: Findings | null,
): AsyncGenerator<CatalogRow> {
  for await (const { groups } of mergeByName<[CatalogRow, ListingRow]>(rows, listing)) {
    const row = groups[0].at(-1);
    if (row === undefined) continue;
    findings?.saw(row.bytes);
    const listed = groups[1].find((found) => versionOf(found) === row.version);
    if (listed === undefined || flawOf(row, listed) !== null) yield row;
  }
}

async function* withoutMarkers(rows: AsyncIterable<ListingRow>): AsyncGenerator<ListingRow> {
  for await (const row of rows) if (!isDeleteMarker(row)) yield row;
}

async function askFor(
  row: CatalogRow,
  copy: MirrorCopy,
  at: TargetContext,
  findings: Findings,
): Promise<void> {
  const info = await at.target.objectStore.head(copy.mirror, row.name, {
    versionId: row.version,
    newest: true,
    // Of an SLO the whole is wanted, with its own ETag; of all others what lies there.
    ...(kindOf(row) === 'slo' ? {} : { manifest: true, symlink: true }),
    signal: at.signal,
  });
  const flaw = info === null ? missing : flawOfInfo(row, info);
  if (flaw !== null) findings.add(`${copy.container}/${row.name}`, flaw.problem, flaw.detail);
}
