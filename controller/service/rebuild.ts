import { isoTime, type Clock } from '../../kernel/clock.ts';
import type { FarshoreError } from '../../kernel/errors.ts';
import { noProgress } from '../../kernel/progress.ts';
import type { Ambient } from '../../kernel/ambient.ts';
import type { Bank } from '../../replicator/bank/bank.ts';
import { groupsIn } from '../../replicator/bank/groups.ts';
import type { Keyring } from '../../replicator/bank/signed.ts';
import type { Movers } from '../../replicator/mover.ts';
import { headOf } from '../../replicator/point/head.ts';
import { placeBefore } from '../../replicator/point/survey.ts';
import type { NewPoint, RecoveryPoint } from '../../replicator/point/types.ts';
import { withChecks } from '../../replicator/point/members.ts';
import { checkPoint } from '../../replicator/point/verify-point.ts';
import { isEnded } from '../../replicator/session/state.ts';
import type { Sites } from '../sites.ts';
import { newestIn, placed, takeSerial } from '../state/check-serial.ts';
import { keptByOperators, type BankedGroup } from '../state/banked-group.ts';
import { findGroup } from '../state/groups.ts';
import { adoptKeys } from '../state/installation.ts';
import { keys } from '../state/keys.ts';
import { refused } from '../state/refusals.ts';
import { atomically } from '../store/atomically.ts';
import { type Entry, type Operation, put, remove, unchanged } from '../store/store.ts';
import type { Fault, RebuildOrder, RebuiltGroup } from './bank-types.ts';
import { collected } from './collected.ts';
import { OtherBanks } from './other-banks.ts';
import { type PresentDeps, presentOf, untold } from './present.ts';
import { survey, type Surveyed } from './surveyed.ts';

export interface RebuildDeps extends PresentDeps {
  readonly sites: Sites;
  readonly movers: Movers;
  readonly clock: Clock;
  readonly ambient: Ambient;
}

interface Steps {
  /** Who is believed in the bank of another region. */
  readonly keyring: (bank: Bank) => Promise<Keyring>;
  /** Once it is known that the order can be carried out: takes the bank over. */
  readonly begin: () => Promise<void>;
  readonly audit: (group: string, details: Readonly<Record<string, unknown>>) => Operation;
}

/**
 * What the bank holds becomes state: group, policy, who is primary at which generation, and its points
 * in the order of their chain, each as the secondary's listings show it now: nothing is taken for proven
 * that was not looked at. Reads everything first, so that an order which cannot be carried out changes
 * nothing. Groups that the state has are passed over unless they are to be replaced, and refused where the
 * bank knows them otherwise.
 */
export async function rebuildGroups(
  region: string,
  bank: Bank,
  ring: Keyring,
  order: RebuildOrder,
  deps: RebuildDeps,
  signal: AbortSignal,
  steps: Steps,
): Promise<readonly RebuiltGroup[]> {
  const there = await collected(groupsIn(bank.documents, signal));
  const names = order.groups ?? there;
  const surveyed: Surveyed[] = [];
  for (const group of names) surveyed.push(await survey(group, bank, ring, signal));
  requireTrust(region, surveyed, order);
  const kept = new Map<string, RebuiltGroup>();
  if (order.replace !== true)
    for (const each of surveyed) {
      const present = await presentOf(each, bank, deps, signal);
      if (present !== null) kept.set(each.group, present);
    }
  // Of a bank that the state knows otherwise in all, nothing is taken.
  const isNone = surveyed.every(({ group }) => kept.get(group)?.outcome === 'refused');
  if (isNone && surveyed.length > 0) return [...kept.values()];
  await steps.begin();
  await adoptKeys(deps.store, deps.ambient, signersOf(surveyed, ring));
  const { acceptUnverified = false } = order;
  const believed = { sites: deps.sites, keyring: steps.keyring, acceptUnverified };
  const others = new OtherBanks(believed, signal);
  const rebuilt: RebuiltGroup[] = [];
  const from = { region, bank, order, others };
  for (const each of surveyed)
    rebuilt.push(kept.get(each.group) ?? (await rebuildGroup(each, from, deps, signal, steps)));
  return rebuilt;
}

/** Before anything is changed: a bank that somebody else filled must not become state by a mistyped order. */
function requireTrust(
  region: string,
  surveyed: readonly Surveyed[],
  { acceptUnverified = false }: RebuildOrder,
): void {
  if (acceptUnverified) return;
  const open = surveyed.flatMap(({ survey: { found }, authenticity, key }) => [
    ...found.filter((each) => each.authenticity === 'unverified').map((each) => each.key),
    ...(authenticity === 'unverified' ? [key] : []),
  ]);
  const [first] = open;
  if (first === undefined) return;
  throw refused(
    'bank.unverified',
    'rebuild from bank',
    region,
    `what it holds is signed by ${[...new Set(open)].join(', ')}, for which only the bank itself vouches`,
    'give the fingerprint that farshore bank key show said while the state was there (--trust sha256:…), or --accept-unverified. Nothing was changed',
  );
}

function signersOf(surveyed: readonly Surveyed[], ring: Keyring) {
  const used = surveyed.flatMap(({ survey: { found }, key }) => [
    ...found.filter(({ manifest }) => manifest !== null).map((each) => each.key),
    key,
  ]);
  return [...new Set(used)].flatMap((key) => ring.keys.get(key ?? '') ?? []);
}

async function rebuildGroup(
  surveyed: Surveyed,
  from: {
    readonly region: string;
    readonly bank: Bank;
    readonly order: RebuildOrder;
    readonly others: OtherBanks;
  },
  deps: RebuildDeps,
  signal: AbortSignal,
  { audit }: Pick<Steps, 'audit'>,
): Promise<RebuiltGroup> {
  const { group, banked } = surveyed;
  const { region, bank, order, others } = from;
  const faults = [...faultsOf(surveyed, order, deps.sites)];
  const refusedNow = { ...untold, group, outcome: 'refused', faults } as const;
  if (banked === null || faults.some(({ subject }) => subject === group)) return refusedNow;
  const hasPoints = surveyed.survey.found.length > 0;
  const { newer, unasked } = await others.ask({ banked, hasPoints }, region);
  if (newer !== null) {
    faults.push(newer);
    if (order.acceptConflicts !== true) return { ...refusedNow, unasked };
  }
  const points = await headsOf(surveyed, banked, region, bank, deps, signal);
  await commit(banked, points, order, deps, audit(group, { region, points: points.length }));
  const { primary, generation } = banked.head;
  const damaged = points.filter(({ checked }) => checked.damaged > 0).length;
  const made = { group, primary, generation, points: points.length, damaged };
  return { ...made, outcome: 'rebuilt', faults, unasked };
}

function faultsOf(
  { group, survey: { found, conflicts }, banked, fault }: Surveyed,
  { acceptConflicts = false }: RebuildOrder,
  sites: Sites,
): readonly Fault[] {
  const faults: Fault[] = fault === null ? [] : [fault];
  for (const { id, problem } of found)
    if (problem !== null)
      faults.push({ code: problem.code, subject: `${group}/${id}`, message: problem.message });
  for (const { code, message } of conflicts)
    faults.push({ code, subject: acceptConflicts ? `${group}/` : group, message });
  const { primary, secondary } = banked?.head ?? {};
  for (const name of [primary, secondary])
    if (name !== undefined && !sites.names.includes(name))
      faults.push({
        code: 'region.not-found',
        subject: group,
        message: `the configuration has no region ${name}`,
      });
  return faults;
}

/** Its check gets its place when it is written. */
type FoundPoint = NewPoint & Pick<RecoveryPoint, 'sequence'>;

/** What could not be asked throws: the group is not rebuilt half-known, and the order is given again. */
async function headsOf(
  { group, survey: { found } }: Surveyed,
  { spec, head }: BankedGroup,
  region: string,
  bank: Bank,
  { sites, movers, clock }: RebuildDeps,
  signal: AbortSignal,
): Promise<readonly FoundPoint[]> {
  const at = {
    group,
    target: await sites.region(region).project(spec.target.project, signal),
    bank,
    sharedSwift:
      sites.region(head.primary).swiftCluster === sites.region(head.secondary).swiftCluster,
    progress: noProgress,
    signal,
  };
  const points: FoundPoint[] = [];
  for (const { object, sha256, manifest } of found) {
    if (manifest === null) continue;
    const unchecked = headOf(manifest, { object, sha256 }, isoTime(clock.now()));
    // Places go on from those that manifests name: the next loss is told by them too.
    const sequence = 1 + Math.max(points.at(-1)?.sequence ?? 0, placeBefore(manifest));
    const point = { ...unchecked, sequence };
    const checks = await checkPoint(point, 'listing', { movers, at });
    points.push(withChecks(point, checks, 'listing', isoTime(clock.now())));
  }
  return points;
}

/** Below what etcd takes in one transaction. */
const writtenAtOnce = 80;

/**
 * Points first, and what operators keep of them, in as many transactions as they need: nobody sees them
 * before the group is there. The last one brings the group, and compares that nobody else has made it.
 */
async function commit(
  banked: BankedGroup,
  points: readonly FoundPoint[],
  { replace = false }: RebuildOrder,
  { store }: RebuildDeps,
  audit: Operation,
): Promise<void> {
  const { spec, createdAt, policy, head, resources } = banked;
  const { name } = spec;
  // Before any of them is there: what a check reads from now on was read after what their heads say.
  const serial = await takeSerial(store, name);
  const heads = points.map((point) => placed(point, serial));
  const written = [...heads.map(putPoint), ...keptByOperators(banked, heads)];
  const isOther = ({ value }: Entry<RecoveryPoint>): boolean =>
    !points.some(({ id }) => id === value.id);
  // Nor are those that go known by their sessions: what a bank has of them all the same is not what expired.
  const going = (await store.range(keys.point(name))).filter(isOther);
  const before = [
    ...written.splice(writtenAtOnce),
    ...going.map(({ value }) => remove(keys.history(name, value.id))),
  ];
  for (let n = 0; n < before.length; n += writtenAtOnce)
    await store.transact([], before.slice(n, n + writtenAtOnce));
  await atomically(store, async () => {
    const existing = await findGroup(store, name);
    if (existing !== null && !replace) throw isThere(name);
    const session = await store.get(keys.session(name));
    const active = await store.get(keys.active(name));
    if (session !== null && !isEnded(session.value.phase)) throw isBusy(name, 'a session');
    if (active !== null) throw isBusy(name, 'an execution');
    const sharing = await store.get(keys.sharing(name));
    if (newestIn(sharing) !== serial) throw isBusy(name, 'a check of its points');
    const known = await store.get(keys.policy(spec.policy));
    const others = (await store.range(keys.point(name))).filter(isOther);
    return {
      compares: [
        unchanged(keys.group(name), existing?.record ?? null),
        unchanged(keys.head(name), existing?.head ?? null),
        unchanged(keys.session(name), session),
        unchanged(keys.active(name), active),
        unchanged(keys.policy(spec.policy), known),
        unchanged(keys.sharing(name), sharing),
      ],
      operations: [
        ...(known === null ? [put(keys.policy(spec.policy), policy)] : []),
        put(keys.policyUse(spec.policy), null),
        put(keys.group(name), { spec, createdAt }),
        put(keys.head(name), head),
        put(keys.members(name), { resources }),
        put(keys.allMembers(), null),
        put(keys.sharing(name), { newestCheck: serial }),
        ...others.map(({ path }) => remove({ path })),
        ...(others.some(({ value }) => value.id === session?.value.id)
          ? [remove(keys.session(name))]
          : []),
        ...written,
        audit,
      ],
      result: undefined,
    };
  });
}

function putPoint(point: RecoveryPoint): Operation {
  return put(keys.point(point.group, point.id), point);
}

function isThere(group: string): FarshoreError {
  return refused(
    'group.exists',
    'rebuild group',
    group,
    'the group was made meanwhile',
    'look at it: farshore group show',
  );
}

function isBusy(group: string, what: string): FarshoreError {
  return refused(
    'group.in-use',
    'rebuild group',
    group,
    `${what} of it is under way`,
    'pause the group, wait for that to end, and order it again',
  );
}
