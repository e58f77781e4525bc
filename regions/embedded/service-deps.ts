import type { Ambient } from '../../kernel/ambient.ts';
import type { Faults } from './faults/faults.ts';
import type { Authority } from './identity/authority.ts';

/** What every service of an embedded region is made of. */
export interface ServiceDeps {
  /** The region's name in the catalogue. */
  readonly region: string;
  /** The service's own, made by it when it isn't there. */
  readonly directory: string;
  /** Its clock is the region's: skewed when a fault says so. */
  readonly ambient: Ambient;
  readonly authority: Authority;
  readonly faults: Faults;
}
