import type { RawAnswer, RawRequest } from './raw-request.ts';

/** Ids and names by kind, so that requests meet what is there. */
export class Things {
  readonly #byKind: ReadonlyMap<string, string[]>;

  /** The first of each kind is never deleted on purpose. */
  constructor(known: Readonly<Record<string, readonly string[]>>) {
    this.#byKind = new Map(Object.entries(known).map(([kind, ids]) => [kind, [...ids]]));
  }

  /** Every `{kind}` becomes one of that kind; `at` says which. */
  filled(text: string, at: number): string {
    return text.replaceAll(/\{(\w+)\}/g, (_, kind: string) => {
      const ids = this.#byKind.get(kind) ?? [];
      return ids[at % ids.length] ?? 'none';
    });
  }

  /** As `filled`, without the first: for a deletion. */
  doomed(text: string, at: number): string {
    return text.replaceAll(/\{(\w+)\}/g, (_, kind: string) => {
      const [, ...ids] = this.#byKind.get(kind) ?? [];
      return ids[at % ids.length] ?? 'none';
    });
  }

  /** Remembers what an answer says was made, and forgets what was deleted. */
  learn({ method, target }: RawRequest, { status, text }: RawAnswer): void {
    if (status >= 300) return;
    const path = target.split('?')[0] ?? '';
    if (method === 'DELETE') this.#forget(path.split('/'));
    if (method !== 'POST') return;
    const token = /^x-subject-token: (\S+)/im.exec(text)?.[1];
    if (token !== undefined) this.#byKind.get('token')?.push(token);
    const [, kind = ''] = /\/(\w+?)s$/.exec(path) ?? [];
    const [, id] = /"id": ?"([0-9a-f-]+)"/.exec(text) ?? [];
    if (id !== undefined) this.#byKind.get(kind)?.push(id);
  }

  #forget(parts: readonly string[]): void {
    for (const ids of this.#byKind.values())
      for (const part of parts) {
        const at = ids.indexOf(part);
        if (at > 0 && parts.at(-1) === part) ids.splice(at, 1);
      }
  }
}
