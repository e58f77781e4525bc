import type { Random } from '../../../kernel/random.ts';
import { decodeLines, encodeLines } from '../../bank/json-lines.ts';
import { NamelessFile } from '../../bank/nameless-file.ts';

/** Rows on the local disk that no one needs after this run: they may be read again and again. */
export class RowFile<T> {
  readonly #file: NamelessFile;
  readonly count: number;

  private constructor(file: NamelessFile, count: number) {
    this.#file = file;
    this.count = count;
  }

  static async write<T>(
    dir: string,
    random: Random,
    rows: AsyncIterable<T> | Iterable<T>,
    signal: AbortSignal,
  ): Promise<RowFile<T>> {
    const file = await NamelessFile.open(dir, random);
    let count = 0;
    const counted = async function* (): AsyncGenerator<T> {
      for await (const row of rows) {
        count += 1;
        yield row;
      }
    };
    try {
      await file.fill(encodeLines(counted()), signal);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new RowFile<T>(file, count);
  }

  rows(): AsyncGenerator<T> {
    return decodeLines(this.#file.read()) as AsyncGenerator<T>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
