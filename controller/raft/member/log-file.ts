import { copyFile, open, stat, truncate } from 'node:fs/promises';

const longestBytes = 16 * 1024 ** 2;
const keptLength = 200;

/**
 * The member's log: it writes to the file itself, so that it outlives the controller. Kept short
 * here by moving what there is to `.1`; what it writes in that instant may be lost.
 */
export class MemberLog {
  readonly #path: string;
  /** Up to where lines were counted; -1: not looked at yet. */
  #offset = -1;
  #rest = '';
  #warnings = 0;
  #lastFault: string | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Lines of level warn and above, since this was made. */
  get warnings(): number {
    return this.#warnings;
  }

  /** The message of the last line above warn; for people. */
  get lastFault(): string | null {
    return this.#lastFault;
  }

  /** From here on lines count. */
  async begin(): Promise<void> {
    const file = await open(this.#path, 'a', 0o600);
    try {
      this.#offset = (await file.stat()).size;
    } finally {
      await file.close();
    }
    this.#rest = '';
    this.#lastFault = null;
  }

  /** Counts what was added since the last look, and keeps the file short. */
  async look(): Promise<void> {
    if (this.#offset < 0) await this.begin();
    const { size } = await stat(this.#path);
    if (size < this.#offset) this.#offset = 0;
    const file = await open(this.#path, 'r');
    try {
      const chunk = Buffer.alloc(64 * 1024);
      for (;;) {
        const { bytesRead } = await file.read(chunk, 0, chunk.length, this.#offset);
        if (bytesRead === 0) break;
        this.#offset += bytesRead;
        this.#count(chunk.toString('utf8', 0, bytesRead));
      }
    } finally {
      await file.close();
    }
    if (size <= longestBytes) return;
    await copyFile(this.#path, `${this.#path}.1`);
    await truncate(this.#path, 0);
    this.#offset = 0;
  }

  #count(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const level = /^\{"level":"(\w+)"/.exec(line)?.[1];
      if (level === 'info' || level === 'debug') continue;
      // A panic's stack has no level: its lines tell something, and count as nothing.
      if (level !== undefined) this.#warnings += 1;
      if (level !== undefined && level !== 'warn') this.#lastFault = shorten(line);
    }
  }
}

function shorten(line: string): string {
  const { msg, error } = fields(line);
  return [msg, error]
    .filter((part) => part !== undefined)
    .join(': ')
    .slice(0, keptLength);
}

function fields(line: string): { readonly msg?: string; readonly error?: string } {
  const read = (name: string) =>
    new RegExp(`"${name}":"((?:[^"\\\\]|\\\\.)*)"`).exec(line)?.[1]?.replaceAll('\\"', '"');
  const msg = read('msg');
  const error = read('error');
  return { ...(msg === undefined ? {} : { msg }), ...(error === undefined ? {} : { error }) };
}
