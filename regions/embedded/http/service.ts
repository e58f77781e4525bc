import type { Call } from './call.ts';
import { Refusal } from './refusal.ts';
import type { Reply } from './reply.ts';

/** One OpenStack service of a region, below its mount. */
export interface Service {
  /** Throws a Refusal, or any other error for what is a fault of ours (500, logged). */
  handle(call: Call): Promise<Reply>;
  /** An error status in the service's own form. */
  refuse(refusal: Refusal, call: Call): Reply;
  /** Ends its background work and closes what it holds on disk. */
  close(): Promise<void>;
}

/** The service's answer, with a Refusal in its own form; throws what is a fault of ours. */
export async function answer(service: Service, call: Call): Promise<Reply> {
  try {
    return await service.handle(call);
  } catch (error) {
    if (error instanceof Refusal) return service.refuse(error, call);
    throw error;
  }
}
