import type { Plan } from '../plan.ts';
import { drill } from './drill.ts';
import { failover } from './failover.ts';

/** The built-in plans, as `listRunbooks` shows them. */
export const plans: readonly Plan[] = Object.freeze([drill, failover]);
