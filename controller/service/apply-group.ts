import { isDeepStrictEqual } from 'node:util';
import { isoTime, type Clock } from '../../kernel/clock.ts';
import { requireNoOther } from '../../replicator/bank/group-record.ts';
import type { ResourceRef } from '../../replicator/mover.ts';
import { isEnded } from '../../replicator/session/state.ts';
import { type Fault, InvalidInput } from '../input/fault.ts';
import { nearest } from '../../kernel/nearest.ts';
import type { Group, GroupSpec, ProtectionPolicy, Stored } from '../model/types.ts';
import type { Precondition } from '../service.ts';
import { assertRegions, type Sites } from '../sites.ts';
import { findGroup, type GroupEntries, groupView, readGroup } from '../state/groups.ts';
import { keys } from '../state/keys.ts';
import { refused } from '../state/refusals.ts';
import { atomically } from '../store/atomically.ts';
import { type Compare, type Entry, put, type Store, unchanged } from '../store/store.ts';
import { checkGroup } from './group-checks.ts';
import { checkPrecondition } from './precondition.ts';
import { takenFaults, type TakenDeps } from './taken.ts';

export interface ApplyDeps extends TakenDeps {
  readonly store: Store;
  readonly sites: Sites;
  readonly clock: Clock;
}

/**
 * Checks everything, then writes the group in one transaction that compares all it was checked
 * against. Killed before: nothing is there. What is checked in the regions can change right after:
 * every session finds out anew.
 */
export async function applyGroup(
  spec: GroupSpec,
  precondition: Precondition,
  deps: ApplyDeps,
  signal: AbortSignal,
): Promise<Stored<Group>> {
  const { store } = deps;
  const existing = await findGroup(store, spec.name);
  checkPrecondition('group', spec.name, existing?.record ?? null, precondition);
  if (existing !== null && isDeepStrictEqual(existing.record.value.spec, spec))
    return groupView(store, existing);
  assertRegions(deps.sites, 'apply group', spec.name);
  const policy = await usablePolicy(spec, deps);
  const regions = { source: spec.source.region, target: policy.value.targetRegion };
  const isMoved = existing !== null && (await hasMoved(existing, spec, regions.target, store));
  if (isMoved) await unmoved(spec.name, existing, store);

  const before = existing?.record.value;
  // Pausing, and a group that runs in its secondary, must not need a primary that answers.
  const isSame =
    !isMoved &&
    isDeepStrictEqual(before?.spec.members, spec.members) &&
    isDeepStrictEqual(before?.spec.target, spec.target);
  const isFailedOver = existing?.head.value.failedOver !== undefined;
  const resources =
    isSame || isFailedOver ? null : await checkedResources(spec, regions, deps, signal);
  const record = { spec, createdAt: before?.createdAt ?? isoTime(deps.clock.now()) };
  // A session that was being begun for the old place is too late then.
  const generation = existing === null ? 1 : existing.head.value.generation + 1;
  const head = { generation, primary: regions.source, secondary: regions.target };
  if (existing === null || isMoved) {
    const { documents } = await deps.sites.bank(regions.target, signal);
    await requireNoOther(documents, { group: spec.name, generation, ...record }, signal);
  }
  const checked = [
    unchanged(keys.group(spec.name), existing?.record ?? null),
    unchanged(keys.head(spec.name), existing?.head ?? null),
    unchanged(keys.policy(spec.policy), policy),
  ];
  await atomically(store, async () => {
    await refuseChanged(spec.name, checked, store);
    // Another group that is given members meanwhile, at whatever controller, changes this.
    const guard = await store.get(keys.allMembers());
    // The regions took their time: a session may have begun, and ended, meanwhile.
    const still = isMoved ? [await unmoved(spec.name, existing, store)] : [];
    if (resources !== null)
      await refuseTaken(spec, resources, deps, guard?.modRevision ?? 0, signal);
    return {
      compares: [
        ...checked,
        ...still,
        ...(resources === null ? [] : [unchanged(keys.allMembers(), guard)]),
      ],
      operations: [
        put(keys.group(spec.name), record),
        ...(before?.spec.policy === spec.policy ? [] : [put(keys.policyUse(spec.policy), null)]),
        ...(existing === null || isMoved ? [put(keys.head(spec.name), head)] : []),
        ...(resources === null
          ? []
          : [put(keys.members(spec.name), { resources }), put(keys.allMembers(), null)]),
      ],
      result: undefined,
    };
  });
  return groupView(store, await readGroup(store, spec.name));
}

/** What the group was checked against is not there any more. */
async function refuseChanged(
  name: string,
  checked: readonly Compare[],
  store: Store,
): Promise<void> {
  for (const { path, modRevision } of checked)
    if (((await store.get({ path }))?.modRevision ?? 0) !== modRevision)
      throw changedMeanwhile(name);
}

async function usablePolicy(spec: GroupSpec, deps: ApplyDeps): Promise<Entry<ProtectionPolicy>> {
  const faults: Fault[] = [];
  const policy = await deps.store.get(keys.policy(spec.policy));
  if (policy === null) {
    const known = (await deps.store.range(keys.policy())).map(({ value }) => value.name);
    faults.push({
      path: 'policy',
      message: `there is no policy ${spec.policy}; ${suggest(spec.policy, known)}`,
    });
  }
  const { region } = spec.source;
  if (!deps.sites.names.includes(region))
    faults.push({
      path: 'source.region',
      message: `there is no region ${region}; ${suggest(region, deps.sites.names)}`,
    });
  if (policy?.value.targetRegion === region)
    faults.push({
      path: 'source.region',
      message: `is also the target of policy ${spec.policy}: points must lie in another region`,
    });
  if (policy === null || faults.length > 0) throw invalid(spec.name, faults);
  return policy;
}

function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== null) return `did you mean ${near}?`;
  return known.length === 0 ? 'there are none yet' : `known are ${known.join(', ')}`;
}

/** Whether the points that exist lie, or come from, elsewhere than the group now says. */
async function hasMoved(
  { record, head }: GroupEntries,
  spec: GroupSpec,
  targetRegion: string,
  store: Store,
): Promise<boolean> {
  const before = record.value.spec;
  const policy = await store.get(keys.policy(before.policy));
  const targetBefore = policy?.value.targetRegion ?? head.value.secondary;
  return (
    !isDeepStrictEqual(before.source, spec.source) ||
    before.target.project !== spec.target.project ||
    targetBefore !== targetRegion
  );
}

/** Throws unless the group can move. Every session that begins and point that is committed changes what is given. */
async function unmoved(name: string, { head }: GroupEntries, store: Store): Promise<Compare> {
  const session = await store.get(keys.session(name));
  const points = await store.range(keys.point(name));
  const isBusy = session !== null && !isEnded(session.value.phase);
  if (points.length === 0 && !isBusy && head.value.failedOver === undefined)
    return unchanged(keys.session(name), session);
  throw refused(
    'group.has-points',
    'apply group',
    name,
    'source and target cannot change while there are recovery points or a session is under way',
    `apply it under another name, or delete it with its points first: farshore group delete ${name} --delete-points`,
  );
}

async function checkedResources(
  spec: GroupSpec,
  regions: { readonly source: string; readonly target: string },
  deps: ApplyDeps,
  signal: AbortSignal,
): Promise<readonly ResourceRef[]> {
  const { resources, faults } = await checkGroup(spec, regions, deps.sites, signal);
  const taken = await takenFaults(spec, resources, deps, 0, signal);
  if (faults.length + taken.length > 0) throw invalid(spec.name, [...faults, ...taken]);
  return resources;
}

async function refuseTaken(
  spec: GroupSpec,
  resources: readonly ResourceRef[],
  deps: ApplyDeps,
  revision: number,
  signal: AbortSignal,
): Promise<void> {
  const taken = await takenFaults(spec, resources, deps, revision, signal);
  if (taken.length > 0) throw invalid(spec.name, taken);
}

function invalid(name: string, faults: readonly Fault[]): InvalidInput {
  return new InvalidInput(faults, {
    code: 'group.invalid',
    operation: 'apply group',
    subject: name,
    hint: 'the group was not applied; correct it and apply it again',
  });
}

function changedMeanwhile(name: string): Error {
  return refused(
    'group.revision-mismatch',
    'apply group',
    name,
    'the group or its policy was changed while it was checked',
    'apply it again',
  );
}
