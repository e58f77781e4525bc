import { isEnded } from '../../../replicator/session/state.ts';
import { must, type Invariant, type Scene } from './types.ts';

/** When all is mended and at rest: everything that began has ended, and nobody holds anything. */
export function nothingLeft({ world, truth, groups, sites }: Scene): Invariant {
  return {
    atEnd() {
      for (const { name } of groups) {
        const session = truth.session(name);
        must('all-ends', session === null || isEnded(session.phase), () => `session of ${name}`);
        must('all-ends', !truth.isBusy(name), () => `an execution of ${name}`);
      }
      for (const prefix of ['live/claims/', 'live/yields/', 'unfinished/', 'orders/', 'active/']) {
        const left = truth.paths(prefix);
        must('nothing-left', left.length === 0, () => left.join(', '));
      }
      const alive = truth.paths('live/controllers/');
      must('nothing-left', alive.length === sites.length, () => `presence of ${alive.join(', ')}`);
      for (const region of world.regions)
        for (const { name } of region.resources.values())
          must(
            'nothing-left',
            !name.startsWith('farshore-drill-'),
            () => `${name} in ${region.name}`,
          );
    },
  };
}
