import type { Clock } from '../kernel/clock.ts';
import { describeError } from '../kernel/errors.ts';
import type { JsonRequest } from './http/service-client.ts';
import { Watchdog } from './http/watchdog.ts';
import type { ServiceHealth, ServiceType } from './region.ts';

const serviceTypes = ['identity', 'object-store', 'block-storage', 'image'] as const;

/** Cheap requests that reach the service's database or its disks. */
const requests: Readonly<
  Record<
    Exclude<ServiceType, 'identity'>,
    { readonly path: string; readonly query: Readonly<Record<string, string | number>> }
  >
> = {
  'object-store': { path: '', query: { format: 'json', limit: 1 } },
  'block-storage': { path: '/volumes', query: { limit: 1 } },
  image: { path: '/v2/images', query: { limit: 1 } },
};

export function probeRequest(
  service: Exclude<ServiceType, 'identity'>,
  region: string,
  timeoutMs: number,
  signal: AbortSignal,
): JsonRequest {
  return {
    ...requests[service],
    method: 'GET',
    operation: `probe ${service} of region`,
    subject: region,
    ok: [200],
    timeoutMs,
    signal,
  };
}

/** Asks all services at once; what goes wrong is the answer and not an error. */
export async function probeServices(probe: {
  readonly clock: Clock;
  /** For all of them together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Whatever must be there first (a token) and is not the service's own time. */
  readonly prepare: (signal: AbortSignal) => Promise<unknown>;
  readonly ask: (service: ServiceType, signal: AbortSignal) => Promise<void>;
}): Promise<readonly ServiceHealth[]> {
  const { clock, timeoutMs, prepare, ask } = probe;
  const watchdog = new Watchdog(clock, timeoutMs, probe.signal);
  const signal = watchdog.signal();
  const one = async (service: ServiceType): Promise<ServiceHealth> => {
    let startMs = clock.monotonicMs();
    try {
      await prepare(signal);
      startMs = clock.monotonicMs();
      await ask(service, signal);
      return { service, up: true, latencyMs: clock.monotonicMs() - startMs };
    } catch (error) {
      const reason = watchdog.hasExpired
        ? `no answer within ${timeoutMs / 1_000} s`
        : describeError(error);
      return { service, up: false, reason, latencyMs: clock.monotonicMs() - startMs };
    }
  };
  try {
    return await Promise.all(serviceTypes.map(one));
  } finally {
    watchdog.stop();
  }
}
