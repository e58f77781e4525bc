import { abilitiesOf, containerNameFault } from '../../regions/object-store/abilities.ts';
import type { Candidate, DocumentFault, PreflightContext } from '../kind.ts';

const path = 'members';
const moved: DocumentFault = {
  path: 'target.project',
  message:
    'both regions share one Swift, where a container stays in its project: leave this out, or name the project of the source',
};

/**
 * A failover makes the containers under their own names, and touches none that is there already. Where
 * both regions share one Swift it is the users' own container, which is brought back to the point.
 */
export async function preflightContainers(
  found: readonly Candidate[],
  { source, target, sharedSwift, signal }: PreflightContext,
): Promise<readonly DocumentFault[]> {
  if (found.length === 0) return [];
  if (sharedSwift) return source.objectStore.account === target.objectStore.account ? [] : [moved];
  const { objectStore, region } = target;
  const abilities = abilitiesOf(await objectStore.info(signal));
  const messages: string[] = [];
  if (!abilities.largeObjects)
    messages.push(
      `containers need slo in the Swift of ${region}: enable that middleware in its proxy's pipeline`,
    );
  for (const { name } of found) {
    const fault = containerNameFault(name, abilities);
    if (fault !== undefined)
      messages.push(`container ${name} cannot be made in ${region}: ${fault}`);
    else if ((await objectStore.headContainer(name, signal)) !== null)
      messages.push(
        `container ${name} exists in ${region} already, so a failover could not make it: rename or delete it there, or leave ${name} out`,
      );
  }
  return messages.map((message) => ({ path, message }));
}
