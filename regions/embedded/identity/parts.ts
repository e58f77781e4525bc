import type { Ambient } from '../../../kernel/ambient.ts';
import type { Faults } from '../faults/faults.ts';
import type { Catalogue } from './catalogue.ts';
import type { Directory } from './state/directory.ts';
import type { Sessions } from './tokens/sessions.ts';

/** What the routes work with. */
export interface Parts {
  readonly ambient: Ambient;
  readonly faults: Faults;
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly catalogue: Catalogue;
}
