import { join } from 'node:path';
import type { Ambient } from '../kernel/ambient.ts';
import { FarshoreError } from '../kernel/errors.ts';
import { containerKind } from './container/kind.ts';
import { imageKind } from './image/kind.ts';
import type { Kind } from './kind.ts';
import type { Movers, ResourceKind } from './mover.ts';
import { volumeKind } from './volume/kind.ts';

/** Every kind of resource that Farshore protects: the only list of them. */
export const kinds: readonly Kind[] = Object.freeze([volumeKind, imageKind, containerKind]);

/** Throws `kind.unknown`: a newer release wrote it, or nobody did. */
export function kindOf(name: ResourceKind): Kind {
  const found = kinds.find((kind) => kind.name === name);
  if (found !== undefined) return found;
  throw new FarshoreError(`there is no kind of resource ${name} in this release`, {
    code: 'kind.unknown',
    kind: 'permanent',
    operation: 'look up kind of resource',
    subject: name,
    hint: 'a newer release may know it: run that one',
  });
}

/** One mover of each kind; below `spoolDir` each has a directory of its own. */
export function createMovers(ambient: Ambient, spoolDir: string): Movers {
  return Object.freeze(
    Object.fromEntries(
      kinds.map(({ name, plural, mover }) => [
        name,
        mover({ ambient, spoolDir: join(spoolDir, plural) }),
      ]),
    ),
  );
}

/** What the order goes by. */
export type Ordered = Pick<Kind, 'name' | 'after'>;

/**
 * The items in layers, those first whose kinds are restored first: what a layer needs lies in the
 * layers before it. Deleting goes through them from the last to the first.
 */
export function inRestoreOrder<T>(
  items: readonly T[],
  kindNameOf: (item: T) => ResourceKind,
  among: readonly Ordered[] = kinds,
): readonly (readonly T[])[] {
  const layers = new Map<number, T[]>();
  for (const item of items) {
    const depth = depthOf(kindNameOf(item), among);
    const layer = layers.get(depth) ?? [];
    layers.set(depth, layer);
    layer.push(item);
  }
  return [...layers].sort(([a], [b]) => a - b).map(([, layer]) => layer);
}

function depthOf(name: ResourceKind, among: readonly Ordered[]): number {
  const { after } = among.find((kind) => kind.name === name) ?? kindOf(name);
  return 1 + Math.max(-1, ...after.map((before) => depthOf(before, among)));
}
