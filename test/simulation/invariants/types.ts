import type { Committed } from '../store/state.ts';
import type { Site } from '../site.ts';
import type { SimGroup } from '../sim-group.ts';
import type { Cluster } from '../store/cluster.ts';
import type { Truth } from '../truth.ts';
import type { Effect } from '../world/types.ts';
import type { World } from '../world/world.ts';

export interface Scene {
  readonly world: World;
  readonly cluster: Cluster;
  readonly truth: Truth;
  readonly sites: readonly Site[];
  readonly groups: readonly SimGroup[];
}

/** What must always be so. Each part is told of what happened, and throws a Violation when it may not have. */
export interface Invariant {
  onCommit?(committed: Committed): void;
  onEffect?(effect: Effect): void;
  afterEvent?(): void;
  /** Once everything is mended and has had its time. */
  atEnd?(): void;
}

export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`);
    this.name = 'Violation';
    this.invariant = invariant;
  }
}

export function must(invariant: string, isSo: boolean, message: () => string): asserts isSo {
  if (!isSo) throw new Violation(invariant, message());
}

/** What follows the prefix in the keys that the transaction put there, with their values. */
export function* putBelow<T>(
  { changes }: Committed,
  prefix: string,
): Generator<readonly [name: string, value: T]> {
  for (const change of changes)
    if (change.type === 'put' && change.entry.path.startsWith(prefix))
      yield [change.entry.path.slice(prefix.length), change.entry.value as T];
}

export function* deletedBelow({ changes }: Committed, prefix: string): Generator<string> {
  for (const change of changes)
    if (change.type === 'delete' && change.path.startsWith(prefix))
      yield change.path.slice(prefix.length);
}
