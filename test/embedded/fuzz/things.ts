import type { RawAnswer, RawRequest } from './raw-request.ts';

/** An id that a service gave, no name that a request may give again. */
const isMade = /^[0-9a-f-]{32,36}$/;

/** Ids and names by kind, so that requests meet what is there. */
export class Things {
  readonly #byKind: ReadonlyMap<string, string[]>;

  /** The first of each kind may not be deleted. */
  constructor(known: Readonly<Record<string, readonly string[]>>) {
    this.#byKind = new Map(Object.entries(known).map(([kind, ids]) => [kind, [...ids]]));
  }

  /** Every `{kind}` becomes one of that kind, `{-kind}` one that may be deleted; `at` says which. */
  filled(text: string, at: number): string {
    return text.replaceAll(/\{(-?)(\w+)\}/g, (_, isDoomed: string, kind: string) => {
      const known = this.#byKind.get(kind) ?? [];
      const ids = isDoomed === '' ? known : known.slice(1);
      return ids[at % ids.length] ?? 'none';
    });
  }

  /** Remembers what an answer says was made, and forgets what is gone. */
  learn({ method, target }: RawRequest, { status, text }: RawAnswer): void {
    const path = target.split('?')[0] ?? '';
    if (status === 404 || (method === 'DELETE' && status < 300)) this.#forget(path.split('/'));
    if (method !== 'POST' || status < 200 || status >= 300) return;
    const token = /^x-subject-token: (\S+)/im.exec(text)?.[1];
    if (token !== undefined) this.#byKind.get('token')?.push(token);
    const [, kind = ''] = /\/(\w+?)s$/.exec(path) ?? [];
    const [, id] = /"id": ?"([0-9a-f-]+)"/.exec(text) ?? [];
    if (id !== undefined) this.#byKind.get(kind)?.push(id);
  }

  /** Of a path, what its end is about. */
  #forget(parts: readonly string[]): void {
    for (const ids of this.#byKind.values())
      for (const part of parts.slice(-2)) {
        const at = ids.indexOf(part);
        if (at > 0 && isMade.test(part)) ids.splice(at, 1);
      }
  }
}
