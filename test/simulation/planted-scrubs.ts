import type { Plants } from './controllers/sim-controller.ts';
import { eachMover } from './planted-bugs.ts';

/** What reading everything again finds is said to nobody. */
export const silentScrub: Plants = {
  movers: (movers) =>
    eachMover(movers, (mover) => ({
      ...mover,
      scrub: async function* (copies, after, at) {
        for await (const { upTo } of mover.scrub(copies, after, at)) yield { upTo, damage: [] };
      },
    })),
};

/** The copies of one point are left out. */
export const skippingScrub: Plants = {
  movers: (movers) =>
    eachMover(movers, (mover) => ({
      ...mover,
      scrub: (copies, after, at) => mover.scrub(copies.slice(1), after, at),
    })),
};
