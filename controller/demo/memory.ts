import { readFile } from 'node:fs/promises';

import type { Clock } from '../../kernel/clock.ts';
import { isAbort } from '../../kernel/errors.ts';

const intervalMs = 400;

/** Bytes of memory that each process took when all of them together took the most. */
export interface MemoryPeak {
  readonly totalBytes: number;
  readonly bytesByName: ReadonlyMap<string, number>;
}

/**
 * Watches the memory of processes until it is aborted. Each is asked for its proportional set: what
 * several share, Node's own code above all, counts once. Nothing is found where the system is not Linux.
 */
export async function watchMemory(
  pids: () => ReadonlyMap<string, number>,
  clock: Clock,
  signal: AbortSignal,
): Promise<MemoryPeak> {
  let peak: MemoryPeak = { totalBytes: 0, bytesByName: new Map() };
  while (!signal.aborted) {
    const bytesByName = new Map<string, number>();
    for (const [name, pid] of pids()) bytesByName.set(name, await proportionalBytes(pid));
    const totalBytes = [...bytesByName.values()].reduce((sum, bytes) => sum + bytes, 0);
    if (totalBytes > peak.totalBytes) peak = { totalBytes, bytesByName };
    await clock.sleep(intervalMs, signal).catch((error: unknown) => {
      if (!isAbort(error)) throw error;
    });
  }
  return peak;
}

/** 0 for a process that is gone, and where the system does not tell. */
async function proportionalBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}
