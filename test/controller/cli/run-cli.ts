import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export const main = join(import.meta.dirname, '../../../controller/cli/main.ts');

/** The command as a process of its own, to its end; nobody can be asked there. */
export async function runCli(...args: readonly string[]) {
  const child = spawn(process.execPath, [main, ...args]);
  const closed = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await closed) as [number | null];
  return { code, stdout, stderr };
}
