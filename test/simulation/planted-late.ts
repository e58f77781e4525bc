import type { Plants } from './controllers/sim-controller.ts';
import { eachMover } from './planted-bugs.ts';
import { linkOf } from './world/sim-scope.ts';

/** What is restored is written over whatever is there by then. */
export const unconditionalRestore: Plants = {
  movers: (movers) =>
    eachMover(movers, (mover) => ({
      ...mover,
      restore: (copy, order, at) => {
        const link = linkOf(at.target);
        const careless = Object.create(link) as typeof link;
        careless.read = (operation, act, signal) => link.read(operation, act, signal);
        careless.write = (effect, actor, act, signal) =>
          link.write(
            effect,
            actor,
            (region) => {
              const [kind = '', id = '', object = ''] = effect.subject.split('/');
              if (effect.operation === 'restore object')
                region.find(kind, id)?.objects.delete(object);
              return act(region);
            },
            signal,
          );
        return mover.restore(copy, order, {
          ...at,
          target: { ...at.target, link: careless } as never,
        });
      },
    })),
};
