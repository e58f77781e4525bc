import { once } from 'node:events';

/** Resolves when this process is told to stop, or when the one that started it with a channel is gone. */
export async function stopSignal(): Promise<undefined> {
  await Promise.race(['SIGTERM', 'SIGINT', 'disconnect'].map((event) => once(process, event)));
  // An open channel would keep the process alive.
  if (process.connected) process.disconnect();
  return undefined;
}
