import { StoreLedger } from '../../controller/state/ledger.ts';
import type { PointChecks } from '../../replicator/session/ledger.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import type { Plants } from './controllers/sim-controller.ts';
import { eachMover } from './planted-bugs.ts';

class NarrowLedger extends StoreLedger {
  override async recordChecks(
    group: string,
    { points, ...found }: PointChecks,
    seen?: readonly RecoveryPoint[],
  ): Promise<readonly RecoveryPoint[]> {
    const [first] = points;
    const own = new Map(first === undefined ? [] : [first]);
    return super.recordChecks(group, { ...found, points: own }, seen);
  }
}

/** Damage is told of the point in which it was found alone. */
export const damageToldOnce: Plants = {
  ledger: (store, claims) => new NarrowLedger(store, claims),
};

/** Whatever was restored is said to be what it should be. */
export const blindChecks: Plants = {
  movers: (movers) =>
    eachMover(movers, (mover) => ({
      ...mover,
      verify: async (copy, depth, at) => ({
        ...(await mover.verify(copy, depth, at)),
        findings: [],
        damaged: 0,
      }),
      check: ({ bytes }) => Promise.resolve({ state: 'verified', bytes, detail: '-' }),
    })),
};
