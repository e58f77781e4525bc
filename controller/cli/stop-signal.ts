import { once } from 'node:events';

/** Resolves when this process is told to stop, or when the process that started it with a channel is gone. */
export async function stopSignal(): Promise<undefined> {
  await Promise.race(['SIGTERM', 'SIGINT', 'disconnect'].map((event) => once(process, event)));
  return undefined;
}
