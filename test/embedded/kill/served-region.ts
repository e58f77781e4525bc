import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../controller/cli/main.ts', import.meta.url));

/** `farshore region serve` in a process of its own. */
export class ServedRegion {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  static async start(directory: string): Promise<ServedRegion> {
    const options = ['--name', 'east', '--port', '0', '--data', directory];
    const child = spawn(process.execPath, [main, 'region', 'serve', ...options], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) {
      const url = /listens on (\S+)/.exec(line)?.[1];
      if (url !== undefined) {
        child.stdout.resume();
        return new ServedRegion(url, child);
      }
    }
    throw new Error('the region ended before it listened');
  }

  /** As when the machine loses the process: it can save nothing. */
  async kill(): Promise<void> {
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }
}
