import type { GroupHead } from '../../../controller/state/records.ts';
import { deletedBelow, must, putBelow, type Invariant } from './types.ts';

/** At most one region is primary of a group at a generation, and generations only rise, one by one. */
export function generations(): Invariant {
  const heads = new Map<string, GroupHead>();
  return {
    onCommit(committed) {
      for (const group of deletedBelow(committed, 'heads/')) heads.delete(group);
      for (const [group, head] of putBelow<GroupHead>(committed, 'heads/')) {
        const before = heads.get(group);
        heads.set(group, head);
        const { generation, primary, secondary } = head;
        must('one-primary', primary !== secondary, () => `${group}: ${primary} is both`);
        if (before === undefined) continue;
        const said = () =>
          `${group}: ${before.primary} at ${before.generation}, then ${primary} at ${generation}`;
        must('generation-rises', generation >= before.generation, said);
        must('generation-rises', generation <= before.generation + 1, said);
        must('one-primary', generation > before.generation || primary === before.primary, said);
      }
    },
  };
}
