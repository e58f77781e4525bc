import type { Invariant, Scene } from './types.ts';
import { must } from './types.ts';

/** Nobody takes its primary's writes away before the generation was raised, and never the new primary's. */
export function fences({ truth, groups }: Scene): Invariant {
  return {
    onEffect({ operation, subject, region }) {
      if (operation !== 'fence') return;
      const group = groups.find(({ members }) =>
        members.some(({ kind, id }) => `${kind}/${id}` === subject),
      );
      if (group === undefined) return;
      const head = truth.head(group.name);
      if (head === null) return;
      must(
        'fence-after-generation',
        head.primary !== region,
        () => `${subject} was fenced in ${region}, which is primary at ${head.generation}`,
      );
    },
  };
}
