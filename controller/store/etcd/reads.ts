import { FarshoreError } from '../../../kernel/errors.ts';
import { compacted } from '../store-errors.ts';
import type { Entry, Page, PageOptions, ReadOptions } from '../store.ts';
import type { Caller } from './caller.ts';
import type { Layout } from './layout.ts';
import { methods } from './methods.ts';

/** Entries of one call: some hundred KiB, so that a long range keeps nobody else waiting. */
const pageSize = 500;
/** Of a range that is read while etcd forgets its revision: compactions are minutes apart. */
const maxTries = 3;

/** Ranges of entries. Every page after the first asks for the revision of the first. */
export class Reads {
  readonly #caller: Caller;
  readonly #layout: Layout;

  constructor(caller: Caller, layout: Layout) {
    this.#caller = caller;
    this.#layout = layout;
  }

  async get<T>(
    path: string,
    { consistency = 'linearizable' }: ReadOptions,
  ): Promise<Entry<T> | null> {
    const request = { key: this.#layout.key(path), serializable: consistency === 'local' };
    const plan = { consistency, operation: 'read state', subject: path };
    const { kvs } = await this.#caller.call(methods.range, request, plan);
    return kvs[0] === undefined ? null : this.#layout.entry<T>(kvs[0]);
  }

  async range<T>(prefix: string, options: ReadOptions): Promise<readonly Entry<T>[]> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#all<T>(prefix, options);
      } catch (error) {
        const isForgotten = error instanceof FarshoreError && error.code === 'store.compacted';
        if (!isForgotten || tries === maxTries) throw error;
      }
    }
  }

  async page<T>(prefix: string, options: PageOptions): Promise<Page<T>> {
    const { consistency = 'linearizable', limit, after, revision } = options;
    const range = this.#layout.range(prefix);
    const request = {
      ...range,
      ...(after === undefined ? {} : { key: this.#layout.after(after) }),
      limit,
      ...(revision === undefined ? {} : { revision }),
      serializable: consistency === 'local',
    };
    const plan = { consistency, operation: 'read state', subject: prefix };
    const answer = await this.#caller.call(methods.range, request, plan).catch((error: unknown) => {
      const isForgotten = error instanceof FarshoreError && error.code === 'store.compacted';
      throw isForgotten ? compacted('read state', prefix, revision ?? 0) : error;
    });
    return {
      entries: answer.kvs.map((found) => this.#layout.entry<T>(found)),
      revision: revision ?? Number(answer.header?.revision),
      hasMore: answer.more,
    };
  }

  async #all<T>(prefix: string, options: ReadOptions): Promise<readonly Entry<T>[]> {
    const entries: Entry<T>[] = [];
    for (let last: Page<T> | undefined; last?.hasMore !== false;) {
      const after = entries.at(-1)?.path;
      const from =
        last === undefined || after === undefined ? {} : { after, revision: last.revision };
      last = await this.page<T>(prefix, { ...options, ...from, limit: pageSize });
      entries.push(...last.entries);
    }
    return entries;
  }
}
