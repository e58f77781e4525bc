import { closeSync, createReadStream, openSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { Named } from '../catalog/merge.ts';
import { sealed, unsealed } from '../catalog/sealed-line.ts';
import { sortOnDisk, type SortedRows, type SortPlace } from '../catalog/sort.ts';

/**
 * What was stored, in the order in which the answers came: a file that the kernel has before anything
 * else is done with the answers of that turn of the event loop. It is not synced: a killed process loses
 * nothing of it, so that a run after a kill stores again only what was not answered. Lost with the
 * machine, in whole or at its end: that is read from the source again.
 */
export class OutcomeJournal<T extends Named> {
  readonly #file: number;
  readonly #of: string;
  #lines = '';
  #failure: { readonly error: unknown } | undefined;

  /** `of`: whose outcomes they are. */
  constructor(path: string, of: string) {
    this.#file = openSync(path, 'wx', 0o600);
    this.#of = of;
  }

  /** Throws what an earlier write failed with: a full disk is the session's affair, not an object's. */
  add(outcome: T): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#lines === '') setImmediate(() => this.#write());
    this.#lines += sealed(JSON.stringify(outcome), this.#of) + '\n';
  }

  close(): void {
    this.#write();
    closeSync(this.#file);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** At once, and not by the pool of threads, where it would wait behind slower work. */
  #write(): void {
    const lines = this.#lines;
    this.#lines = '';
    if (lines === '' || this.#failure !== undefined) return;
    try {
      writeFileSync(this.#file, lines);
    } catch (error) {
      this.#failure = { error };
    }
  }
}

/** Those of one container in a session's spool directory: of this run, and of earlier ones. */
export class OutcomeJournals<T extends Named> {
  readonly #dir: string;
  readonly #stem: string;

  constructor(dir: string, stem: string) {
    this.#dir = dir;
    this.#stem = `${stem}-shipped-`;
  }

  /** All that was told of so far, sorted by name; call it before `next`. */
  async earlier(place: SortPlace): Promise<SortedRows<T>> {
    const paths = (await this.#names()).map((name) => join(this.#dir, name));
    const of = this.#stem;
    const all = async function* (): AsyncGenerator<T> {
      for (const path of paths) yield* toldOf<T>(path, of);
    };
    return await sortOnDisk(all(), place);
  }

  async next(): Promise<OutcomeJournal<T>> {
    const numbers = (await this.#names()).map((name) => Number(name.slice(this.#stem.length)));
    await mkdir(this.#dir, { recursive: true });
    const path = join(this.#dir, `${this.#stem}${Math.max(0, ...numbers) + 1}`);
    return new OutcomeJournal<T>(path, this.#stem);
  }

  async #names(): Promise<readonly string[]> {
    try {
      return (await readdir(this.#dir)).filter((name) => name.startsWith(this.#stem));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }
}

/**
 * A machine that went down leaves any end, and a disk may alter what it holds: a line that is not what was
 * written of this container counts for nothing, and its object is read again.
 */
async function* toldOf<T>(path: string, of: string): AsyncGenerator<T> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const text = unsealed(line, of);
      if (text !== null) yield JSON.parse(text) as T;
    }
  }
}
