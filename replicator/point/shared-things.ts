import type { Log } from '../../kernel/log.ts';
import type { Bank } from '../bank/bank.ts';
import type { StoredReference } from '../kind.ts';
import { kindOf } from '../kinds.ts';
import type { Copy, Finding } from '../mover.ts';
import { dataOf, storedThingsOf } from './copies.ts';
import { lookAtManifest } from './read-manifest.ts';
import type { RecoveryPoint } from './types.ts';
import { isCatalogDamage } from './verify-copy.ts';

export interface ReadDeps {
  readonly bank: Bank;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * The stored things that a finding is about, by names that mean the same in every point of the group. Where
 * it names none of the copy's: all of them, or nothing where that would be too much said.
 */
export function thingsOf(
  { subject, stored }: Finding,
  copy: Copy,
  otherwise: 'all' | 'nothing' = 'all',
): readonly string[] {
  const things = storedThingsOf(copy);
  const catalog = `catalog/${stored ?? ''}`;
  if (things.includes(catalog)) return [catalog];
  const isTooMany = kindOf(copy.kind).storedThings(copy).length === 0;
  if (stored !== undefined && isTooMany) return [thingOf(copy, stored)];
  const named = things.filter((thing) => subject.includes(thing.slice(thing.indexOf('/') + 1)));
  return named.length > 0 || otherwise === 'nothing' ? named : things;
}

export function thingOf({ kind }: Pick<Copy, 'kind'>, stored: string): string {
  return `${kind}:${stored}`;
}

/** What of these things, `<kind>:<stored>`, copies refer to. What two points have in common is read once. */
export class References {
  readonly #deps: ReadDeps;
  readonly #wanted = new Map<string, Set<string>>();
  readonly #known = new Map<string, readonly StoredReference[]>();

  constructor(things: Iterable<string>, deps: ReadDeps) {
    this.#deps = deps;
    for (const thing of things) {
      const [, kind = '', stored = ''] = /^([^:/]+):(.*)$/s.exec(thing) ?? [];
      if (stored !== '') this.#wanted.set(kind, (this.#wanted.get(kind) ?? new Set()).add(stored));
    }
  }

  async of(copy: Copy): Promise<readonly StoredReference[]> {
    const wanted = this.#wanted.get(copy.kind);
    if (wanted === undefined) return [];
    const key = dataOf(copy);
    const found = this.#known.get(key) ?? (await this.#read(copy, wanted));
    this.#known.set(key, found);
    return found;
  }

  async #read(copy: Copy, wanted: ReadonlySet<string>): Promise<readonly StoredReference[]> {
    const { bank, signal, log } = this.#deps;
    try {
      return await kindOf(copy.kind).refersTo(copy, wanted, { bank, signal });
    } catch (error) {
      if (!isCatalogDamage(error)) throw error;
      const resource = `${copy.kind}/${copy.resource.id}`;
      log.warn('catalog is damaged, what its copy shares with others is not known', {
        resource,
        error,
      });
      return [];
    }
  }
}

/** Without its manifest nobody knows what a point refers to; that it is damaged itself is its own check's matter. */
export async function copiesOf(point: RecoveryPoint, deps: ReadDeps): Promise<readonly Copy[]> {
  const look = await lookAtManifest(deps.bank, point, deps.signal);
  if (look.state === 'read') return look.copies;
  deps.log.warn('manifest cannot be used, what its point shares with others is not known', {
    group: point.group,
    point: point.id,
    error: look.error,
  });
  return [];
}
