import type { Clock } from '../../kernel/clock.ts';
import type { ProtectionPolicy } from '../../replicator/policy.ts';
import type { Mirror } from '../mirror/mirror.ts';
import { keys } from '../state/keys.ts';
import type { GroupHead, GroupRecord, LatestSession, Wish } from '../state/records.ts';
import { standingOf, type Standing } from './standing.ts';

type Kept<T> = Pick<Mirror<T, T>, 'get' | 'values' | 'onChange'>;

export interface StandingMirrors {
  readonly policies: Kept<ProtectionPolicy>;
  readonly groups: Kept<GroupRecord>;
  readonly heads: Kept<GroupHead>;
  readonly latest: Kept<LatestSession>;
  readonly wanted: Kept<Wish>;
}

/**
 * How all groups stand, from memory: asking costs no read of the store. It may lag a moment behind;
 * a decision that was due to that is refused by the transaction that would carry it out.
 */
export class Standings {
  readonly #mirrors: StandingMirrors;
  /** Put together once, until a part of it changes: it is asked for at every change of any group. */
  readonly #known = new Map<string, Standing>();

  /** Of mirrors that have not been started. */
  constructor(mirrors: StandingMirrors) {
    this.#mirrors = mirrors;
    mirrors.policies.onChange(() => this.#known.clear());
    for (const kind of ['groups', 'heads', 'latest'] as const)
      mirrors[kind].onChange((changes: readonly { readonly path: string }[]) => {
        for (const { path } of changes) this.#known.delete(path.slice(path.indexOf('/') + 1));
      });
  }

  *groups(): IterableIterator<string> {
    for (const { spec } of this.#mirrors.groups.values()) yield spec.name;
  }

  /** Null for a group that is not, or not wholly, there. The same object until something changes. */
  of(group: string): Standing | null {
    const known = this.#known.get(group);
    if (known !== undefined) return known;
    const found = this.#read(group);
    if (found !== null) this.#known.set(group, found);
    return found;
  }

  isWanted(group: string): boolean {
    return this.#mirrors.wanted.get(keys.wanted(group)) !== undefined;
  }

  onChange(listener: () => void): () => void {
    const stops = Object.values(this.#mirrors).map(
      (mirror: StandingMirrors[keyof StandingMirrors]) => mirror.onChange(listener),
    );
    return () => {
      for (const stop of stops) stop();
    };
  }

  #read(group: string): Standing | null {
    const { groups, heads, policies, latest } = this.#mirrors;
    const record = groups.get(keys.group(group));
    const head = heads.get(keys.head(group));
    if (record === undefined || head === undefined) return null;
    const policy = policies.get(keys.policy(record.spec.policy));
    if (policy === undefined) return null;
    return standingOf(record, head, policy, latest.get(keys.latest(group)) ?? null);
  }
}

/** Resolves when what is seen of the group's session has changed, or after `ms`. */
export async function sessionChanged(
  standings: Standings,
  group: string,
  ms: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const seen = standings.of(group)?.session;
  const changed = new AbortController();
  const stop = standings.onChange(() => {
    if (standings.of(group)?.session !== seen) changed.abort();
  });
  try {
    await clock.sleep(ms, AbortSignal.any([changed.signal, signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (!changed.signal.aborted) throw error;
  } finally {
    stop();
  }
}
