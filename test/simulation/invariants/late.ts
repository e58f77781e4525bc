import { must, type Invariant, type Scene } from './types.ts';

/**
 * What a failover brought up is its users' from then on: nothing that was sent for it before changes
 * an object that is there when it arrives at last.
 */
export function late({ world }: Pick<Scene, 'world'>): Invariant {
  return {
    onEffect({ operation, subject, region, sentMs }) {
      if (operation !== 'restore object') return;
      const [kind = '', id = ''] = subject.split('/');
      if (!world.inUse.has(`${region}/${kind}/${id}`)) return;
      const moments = world.region(region).history.get(subject) ?? [];
      const [before, now] = [moments.at(-2), moments.at(-1)];
      must(
        'late-harms-nobody',
        before === undefined || before.value === null,
        () =>
          `${subject} in ${region} was ${before?.value ?? ''} and is ${now?.value ?? 'the same'}, by a request sent at ${sentMs}`,
      );
    },
  };
}
