import { FarshoreError } from '../../../kernel/errors.ts';

/** The bank does not hold the catalog, or not as it was written. It says so before it gives a row. */
export function isLostCatalog(error: unknown): error is FarshoreError {
  return (
    error instanceof FarshoreError &&
    ['bank.catalog-missing', 'bank.catalog-altered'].includes(error.code)
  );
}
