import type { RequestHandler } from 'express';

import type { ControllerService } from '../service.ts';

/** Age, in whole seconds, of what an answer shows. */
export const staleHeader = 'Farshore-Stale';

/**
 * Marks local reads while no majority of the sites answers, or what is in memory is not followed:
 * the body is what it was then. A linearizable read is never marked; it is answered freshly or refused.
 */
export function markStale(service: Pick<ControllerService, 'readiness'>): RequestHandler {
  return (request, response, next) => {
    const isLocal = request.query['consistency'] !== 'linearizable';
    if (request.method === 'GET' && isLocal) {
      const { staleSeconds } = service.readiness();
      if (staleSeconds > 0) response.set(staleHeader, String(staleSeconds));
    }
    next();
  };
}
