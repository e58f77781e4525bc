import type { NewPoint, RecoveryPoint } from '../../replicator/point/types.ts';
import type { Session } from '../../replicator/session/types.ts';
import { StoreLedger } from '../../controller/state/ledger.ts';
import type { Plants } from './controllers/sim-controller.ts';
import { unusable } from './movers/refusals.ts';
import { eachMover, over } from './planted-bugs.ts';
import { linkOf } from './world/sim-scope.ts';

class SilentLedger extends StoreLedger {
  override async commitPoint(
    point: NewPoint,
    session: Session,
    others: readonly RecoveryPoint[],
  ): Promise<void> {
    const members = point.members.filter(({ state }) => state === 'proven');
    await super.commitPoint({ ...point, members, state: 'proven' }, session, others);
  }
}

/** A point without some member is told to be whole. */
export const silentLack: Plants = { ledger: (store, claims) => new SilentLedger(store, claims) };

/** One member that cannot be copied takes the others along. */
export const oneTakesAllAlong: Plants = {
  movers: (movers) =>
    eachMover(movers, (mover) => ({
      ...mover,
      capture: (resource, session) => {
        const { region } = linkOf(session.source);
        const [broken] = region.broken;
        if (broken !== undefined) throw unusable('group', broken);
        return mover.capture(resource, session);
      },
    })),
};

/** What was lost, replaced or emptied is forgotten. */
export const absenceIsIntent: Plants = {
  store: (store) =>
    over(store, {
      get: (key, options) => (isOfChanges(key) ? Promise.resolve(null) : store.get(key, options)),
      transact: (compares, operations) =>
        store.transact(
          compares.filter((each) => !isOfChanges(each)),
          operations.filter((each) => !isOfChanges(each)),
        ),
    }),
};

function isOfChanges({ path }: { readonly path: string }): boolean {
  return path.startsWith('changes/');
}
