import { damage } from './damage.ts';
import { executions } from './executions.ts';
import { fences } from './fences.ts';
import { generations } from './generations.ts';
import { late } from './late.ts';
import { members } from './members.ts';
import { nothingLeft } from './nothing-left.ts';
import { points } from './points.ts';
import { scrubs } from './scrubs.ts';
import { singleHolders } from './single-holders.ts';
import { staleWriters } from './stale-writers.ts';
import { strangers } from './strangers.ts';
import type { Invariant, Scene } from './types.ts';

export function allInvariants(scene: Scene): readonly Invariant[] {
  return [
    generations(),
    staleWriters(scene),
    singleHolders(scene),
    points(scene),
    members(scene),
    damage(scene),
    scrubs(scene),
    strangers(),
    late(scene),
    executions(scene),
    fences(scene),
    nothingLeft(scene),
  ];
}
