import type { RequestHandler } from 'express';

import { type Clock, systemClock } from '../../kernel/clock.ts';
import { isAbort } from '../../kernel/errors.ts';
import type { ControllerService } from '../service.ts';

const keepAliveMs = 10_000;

/**
 * Server-sent events: each saved state of the execution as `execution`, its version as the id, until
 * it has ended. A client that lost the connection opens a new one and gets the present state first.
 */
export function executionEvents(
  service: ControllerService,
  clock: Clock = systemClock,
): RequestHandler {
  return async (request, response) => {
    const id = String(request.params['id']);
    const hangUp = new AbortController();
    // Before anything is waited for: a client that is gone by then would be followed for ever.
    response.on('close', () => hangUp.abort());
    const current = await service.getExecution(id);
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    const send = (execution: typeof current) =>
      response.write(
        `id: ${execution.version}\nevent: execution\ndata: ${JSON.stringify(execution)}\n\n`,
      );
    send(current);
    // A comment, which clients pass over: it tells a quiet execution from a controller that is gone.
    const keepAlive = (): void => {
      response.write(':\n\n');
      silence = clock.after(keepAliveMs, keepAlive);
    };
    let silence = clock.after(keepAliveMs, keepAlive);
    try {
      if (current.state !== 'ended') {
        for await (const execution of service.runner.watch(id, hangUp.signal)) send(execution);
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    } finally {
      silence();
    }
    response.end();
  };
}
