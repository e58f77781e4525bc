import { resourceKey } from '../../../replicator/mover.ts';
import type { Fault, FaultDeps } from './faults.ts';
import type { SimRegion } from '../world/sim-region.ts';
import type { Resource } from '../world/types.ts';

/** What befalls single members of groups in the region where their users write. */
export const memberFaults: readonly Fault[] = [
  {
    // A volume in error, an image that was deactivated: the others are not concerned.
    name: 'unusable member',
    meanMs: 35_000,
    begin: (deps) => {
      const found = anyMember(deps);
      if (found === null) return null;
      const { region, key } = found;
      region.broken.add(key);
      const end = (): void => void region.broken.delete(key);
      return { forMs: deps.random.between(5_000, 90_000), end, mayStay: true };
    },
  },
  {
    // A right that was taken away, a listing that is behind: it is found again.
    name: 'member not found',
    meanMs: 45_000,
    begin: (deps) => {
      const found = anyMember(deps);
      if (found === null) return null;
      const { region, key } = found;
      region.hidden.add(key);
      const end = (): void => void region.hidden.delete(key);
      return { forMs: deps.random.between(5_000, 90_000), end, mayStay: true };
    },
  },
  {
    name: 'member deleted',
    meanMs: 50_000,
    begin: (deps) => {
      const found = anyMember(deps);
      if (found !== null) found.region.remove(found.resource);
      return null;
    },
  },
  {
    // Another of the same name, as one that was made anew after a mishap.
    name: 'member replaced',
    meanMs: 60_000,
    begin: (deps) => {
      const found = anyMember(deps);
      if (found === null || found.resource.kind === 'container') return null;
      const { region, resource, key, group } = found;
      const { kind, name } = resource;
      region.remove(resource);
      const other = { kind, id: deps.random.uuid(), name };
      group.members = group.members.map((each) => (resourceKey(each) === key ? other : each));
      deps.users.create(group, other, 1);
      return null;
    },
  },
  {
    name: 'member emptied',
    meanMs: 40_000,
    begin: (deps) => {
      const found = anyMember(deps);
      if (found === null || found.resource.kind !== 'container') return null;
      const { region, resource } = found;
      for (const object of [...resource.objects.keys()]) region.write(resource, object, null);
      return null;
    },
  },
];

function anyMember({ groups, random, world }: FaultDeps) {
  const group = random.pick(groups);
  const region: SimRegion = world.region(group.region);
  const there = group.members.flatMap((ref) => {
    const resource: Resource | undefined = region.find(ref.kind, ref.id);
    // A drill's image may have the id of one that users deleted.
    return resource?.name === ref.name ? [{ group, region, resource, key: resourceKey(ref) }] : [];
  });
  return there.length === 0 ? null : random.pick(there);
}
