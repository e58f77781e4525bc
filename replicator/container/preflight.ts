import { abilitiesOf, containerNameFault } from '../../regions/object-store/abilities.ts';
import type { ObjectStore } from '../../regions/object-store/types.ts';
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
  context: PreflightContext,
): Promise<readonly DocumentFault[]> {
  const { source, target, sharedSwift } = context;
  if (found.length === 0) return [];
  if (sharedSwift && source.objectStore.account !== target.objectStore.account) return [moved];
  const messages = await (sharedSwift ? ofOtherSwift : notMakeable)(found, context);
  return messages.map((message) => ({ path, message }));
}

async function notMakeable(
  found: readonly Candidate[],
  { target: { objectStore, region }, signal }: PreflightContext,
): Promise<readonly string[]> {
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
  return messages;
}

/**
 * A failover would bring the container that it finds in the secondary to the point: it has to be the same
 * one. Swift tells by both doors when a container was made (X-Timestamp), to ten microseconds.
 */
async function ofOtherSwift(
  found: readonly Candidate[],
  { source, target, signal }: PreflightContext,
): Promise<readonly string[]> {
  const messages: string[] = [];
  for (const { id, name } of found) {
    const made = await madeAt(source.objectStore, id, signal);
    if (made === null || made === (await madeAt(target.objectStore, id, signal))) continue;
    messages.push(
      `container ${name} of ${source.region} is not what ${target.region} shows under its name, though both regions have the same swiftCluster in the configuration: give each a value of its own there unless one Swift serves both`,
    );
  }
  return messages;
}

/** Null when there is none. */
async function madeAt(
  store: ObjectStore,
  container: string,
  signal: AbortSignal,
): Promise<string | null> {
  const info = await store.headContainer(container, signal);
  return info === null ? null : (info.headers['x-timestamp'] ?? '');
}
