import type { Call } from './call.ts';
import type { Refusal } from './refusal.ts';
import type { Reply } from './reply.ts';

/** One OpenStack service of a region, below its mount. */
export interface Service {
  /** Throws a Refusal, or any other error for what is a fault of ours (500, logged). */
  handle(call: Call): Promise<Reply>;
  /** An error status in the service's own form. */
  refuse(refusal: Refusal, call: Call): Reply;
}
