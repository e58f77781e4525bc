import type { StepSpec } from '../plan.ts';
import type { FenceEvidence } from './fence-primary.ts';

/** In the params of `fence-primary`: wait for an approval where something is not fenced. */
export const askIfUnfenced = 'ask';

/** What the order said of a primary that can't be fenced; `ask`: nothing. */
export type UnfencedParam = { readonly reason: string } | typeof askIfUnfenced;

/** So many resources are named at the gate; the step's output has them all. */
const namedAtMost = 20;

export function isHeld({ state }: FenceEvidence): boolean {
  return state === 'fenced' || state === 'not-needed';
}

/** Each reason with the resources that it kept from being fenced. */
export function reasonsOf(evidence: readonly FenceEvidence[]): ReadonlyMap<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const { state, detail, resource } of evidence.filter((each) => !isHeld(each))) {
    const reason = `${state} (${detail})`;
    reasons.set(reason, [...(reasons.get(reason) ?? []), resource]);
  }
  return reasons;
}

/** The step that lets restoring begin all the same; its gate says what would be at risk. */
export function acceptUnfenced(evidence: readonly FenceEvidence[]): StepSpec {
  const open = evidence.filter((each) => !isHeld(each));
  const reasons = [...reasonsOf(open)].map(([reason, names]) => `${reason}: ${shown(names)}`);
  return {
    id: 'unfenced:accept',
    type: 'accept-unfenced',
    title: 'go on although the old primary is not fenced',
    needs: ['fence-primary'],
    params: { resources: open.length },
    always: false,
    gate: `${open.length} of ${evidence.length} resources of the old primary are not fenced, its users may still be writing there what nobody will recover: ${reasons.join('; ')}`,
    approvalNeedsReason: true,
  };
}

function shown(names: readonly string[]): string {
  const more = names.length > namedAtMost ? ` and ${names.length - namedAtMost} more` : '';
  return `${names.slice(0, namedAtMost).join(', ')}${more}`;
}
