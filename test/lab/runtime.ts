import type { getContainerRuntimeClient } from 'testcontainers';

type Client = Awaited<ReturnType<typeof getContainerRuntimeClient>>;
export type Docker = Client['container']['dockerode'];
export type Container = ReturnType<Docker['getContainer']>;

/** The lab can't run here; the message says what the reader has to do. */
export class LabUnavailableError extends Error {
  override readonly name = 'LabUnavailableError';
}

/**
 * The container engine, found the way testcontainers finds it (DOCKER_HOST, the usual sockets).
 * The reaper is switched off: a lab outlives the process that started it, on purpose.
 */
export async function docker(): Promise<Docker> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const { getContainerRuntimeClient } = await import('testcontainers');
  try {
    return (await getContainerRuntimeClient()).container.dockerode;
  } catch (cause) {
    throw new LabUnavailableError(
      'The lab needs a Docker engine that this user may talk to: install one (Debian: `apt-get install docker.io`), start `dockerd`, and join the `docker` group or use root.',
      { cause },
    );
  }
}

/** The HTTP status of an error of the engine, if it is one. */
export function engineStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** Awaits a call to the engine; `undefined` where the engine answers with one of `statuses`. */
export async function unless<T>(statuses: number[], call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (statuses.includes(engineStatus(error) ?? 0)) return undefined;
    throw error;
  }
}
