import { FarshoreError } from '../kernel/errors.ts';
import type { Bank } from '../replicator/bank/bank.ts';
import type { Region } from '../regions/region.ts';

/** The configured regions and their banks; opened by the composition root. */
export interface Sites {
  readonly names: readonly string[];
  /** Throws `region.not-found`. */
  region(name: string): Region;
  /** The bank in this region's Swift. The first call asks for a token; nothing is created. */
  bank(name: string, signal: AbortSignal): Promise<Bank>;
  /** Project, by name or id, that the bank's account belongs to; absent: the credentials' own. */
  bankOf(name: string): { readonly project?: string | undefined; readonly container: string };
}

/** For orders that are checked against regions: throws `controller.no-regions` at a witness, which knows none. */
export function assertRegions(sites: Sites, operation: string, subject: string): void {
  if (sites.names.length > 0) return;
  throw new FarshoreError('this controller is a witness and knows no regions', {
    code: 'controller.no-regions',
    kind: 'permanent',
    operation,
    subject,
    hint: 'give the order to the controller of another site, or name the regions in the configuration of this one too',
  });
}
