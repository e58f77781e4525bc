import type { SessionContext } from '../../mover.ts';

/** What is done in the primary alone, by a session or by the sweep of what sessions left. */
export type SourceContext = Pick<SessionContext, 'source' | 'signal'>;
