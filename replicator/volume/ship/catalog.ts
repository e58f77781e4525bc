import { FarshoreError } from '../../../kernel/errors.ts';
import type { Bank, CatalogRef } from '../../bank/bank.ts';

/** One object of a backup as the primary's Swift listed it; ordered by the UTF-8 bytes of the name. */
export interface CatalogRow {
  readonly name: string;
  /** MD5 of the stored bytes. */
  readonly etag: string;
  readonly bytes: number;
}

/** The rows of a backup's catalog; throws what `Bank.readCatalog` throws. */
export async function* catalogRows(
  bank: Bank,
  ref: CatalogRef,
  signal: AbortSignal,
): AsyncGenerator<CatalogRow> {
  for await (const row of bank.readCatalog(ref, signal)) {
    if (!isRow(row))
      throw new FarshoreError('a row is not one of a backup’s objects', {
        code: 'bank.catalog-altered',
        kind: 'permanent',
        operation: 'read catalog',
        subject: ref.object,
      });
    yield row;
  }
}

function isRow(row: unknown): row is CatalogRow {
  if (typeof row !== 'object' || row === null) return false;
  const { name, etag, bytes } = row as Record<string, unknown>;
  return typeof name === 'string' && typeof etag === 'string' && typeof bytes === 'number';
}

/** True for what the bank throws when a catalog cannot be had as it was written. */
export function isCatalogLost(error: unknown): boolean {
  return error instanceof FarshoreError && error.code.startsWith('bank.catalog-');
}
