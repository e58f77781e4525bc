import { createHash } from 'node:crypto';
import { splitPath } from '../bulk/names.ts';
import { authorizedContainer } from '../find-object.ts';
import { notFound } from '../refusals.ts';
import type { RowRecord } from '../records.ts';
import type { Content, Core, Request } from '../request.ts';
import { unquote } from '../wire.ts';
import { composed } from './composed.ts';
import type { Piece } from './pieces.ts';
import { openPiece } from './segment.ts';

type Rows = AsyncGenerator<readonly [name: string, RowRecord]>;

/**
 * Whatever the listing shows now below the manifest's prefix, put together: read once for the totals
 * and once more for the bytes, so that no number of segments fills the memory. Throws Refusals of
 * 401, 403 and 404 for the container.
 */
export async function dynamicContent(
  core: Core,
  request: Request,
  manifest: string,
): Promise<Content> {
  const { container, object: prefix } = splitPath(unquote(manifest) ?? manifest);
  const { account } = request;
  const record = await authorizedContainer(core, {
    ...request,
    method: 'GET',
    container,
    object: '',
  });
  if (record === undefined) throw notFound();
  await core.state.settle(account, container);
  const rows = () => below(core.state.rows(account, container, 'object', { gte: prefix }), prefix);
  const hash = createHash('md5');
  let bytes = 0;
  for await (const [, row] of rows()) {
    hash.update(seen(row).etag);
    bytes += seen(row).bytes;
  }
  return {
    bytes,
    etag: `"${hash.digest('hex')}"`,
    isOneRange: true,
    open: (first, last) =>
      composed(
        piecesOf(rows(), container, first, last),
        (piece) => openPiece(core, request, piece),
        last - first + 1,
      ),
  };
}

/** What the listing shows of it: of an object with versions, the current one. */
function seen(row: RowRecord): { readonly bytes: number; readonly etag: string } {
  if (row.versionId !== undefined)
    return { bytes: row.symlinkBytes ?? 0, etag: row.symlinkEtag ?? row.etag };
  return { bytes: row.sloBytes ?? row.bytes, etag: row.etag };
}

async function* below(rows: Rows, prefix: string): Rows {
  for await (const row of rows) {
    if (!row[0].startsWith(prefix)) return;
    yield row;
  }
}

async function* piecesOf(
  rows: Rows,
  container: string,
  first: number,
  last: number,
): AsyncGenerator<Piece, void, undefined> {
  let at = 0;
  for await (const [object, row] of rows) {
    const { bytes } = seen(row);
    const from = Math.max(0, first - at);
    const to = Math.min(bytes - 1, last - at);
    at += bytes;
    if (from <= to) yield { container, object, first: from, last: to };
    if (at > last) return;
  }
}
