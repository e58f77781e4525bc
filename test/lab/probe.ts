import { setTimeout as sleep } from 'node:timers/promises';

import { type ServiceName, servicePorts } from './topology.ts';

const paths: Record<ServiceName, string> = {
  keystone: '/v3',
  swift: '/healthcheck',
  glance: '/',
  cinder: '/',
};

/** Whether the service answers HTTP at this address, seen from the host. */
export async function answers(
  address: string,
  service: ServiceName,
  timeoutMs = 1500,
): Promise<boolean> {
  const url = `http://${address}:${servicePorts[service]}${paths[service]}`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    await response.arrayBuffer();
    return response.status < 500;
  } catch {
    return false;
  }
}

export async function answering(address: string): Promise<Record<ServiceName, boolean>> {
  const names = Object.keys(servicePorts) as ServiceName[];
  const states = await Promise.all(names.map((service) => answers(address, service)));
  return Object.fromEntries(names.map((name, at) => [name, states[at]])) as Record<
    ServiceName,
    boolean
  >;
}

/** Tries `condition` every 250 ms until it holds; throws `what` after the time. */
export async function waitFor(
  what: string,
  timeoutMs: number,
  condition: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs / 1000} s in vain: ${what}`);
    await sleep(250);
  }
}

export async function waitForServices(address: string, timeoutMs = 600_000): Promise<void> {
  await waitFor(`services at ${address}`, timeoutMs, async () =>
    Object.values(await answering(address)).every(Boolean),
  );
}
