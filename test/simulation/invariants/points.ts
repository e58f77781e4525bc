import { known } from '../../support/known-kinds.ts';
import type { Copy } from '../../../replicator/mover.ts';
import { resourceKey } from '../../../replicator/mover.ts';
import { decodeManifest, manifestSha256 } from '../../../replicator/point/manifest.ts';
import { isUsable } from '../../../replicator/point/members.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import { keys } from '../../../controller/state/keys.ts';
import { catalogRefsOf, copyNames, merged } from '../movers/rows.ts';
import { manifestName } from '../world/sim-bank.ts';
import { rowOf, type Row } from '../world/shapes.ts';
import type { SimRegion } from '../world/sim-region.ts';
import { deletedBelow, must, putBelow, type Invariant, type Scene } from './types.ts';

/** All that a visible point needs in its region. */
interface Needs {
  readonly point: RecoveryPoint;
  readonly copies: ReadonlySet<string>;
  readonly objects: ReadonlySet<string>;
}

/**
 * A visible point's manifest is in the bank, and every object that it names is there and whole, from
 * its commit until it is no longer offered, whatever becomes of the source; it counts as proven only
 * when all of that was looked at there, after it was stored; and it holds what the source held when it was cut, or later. What a
 * fault damaged is the fault's.
 */
export function points({ world, truth }: Scene): Invariant {
  const visible = new Map<string, Needs>();
  const isRotten = (region: SimRegion, name: string) => world.rotten.has(`${region.name}/${name}`);

  const committed = (point: RecoveryPoint): void => {
    const region = world.region(point.region);
    const copies = manifestOf(region, point);
    const needs = needsOf(point, copies, region);
    visible.set(`${point.group}/${point.id}`, needs);
    for (const name of needs.copies) mustBeWhole(region, name, needs);
    for (const copy of copies) mustHoldTheCut(copy, point, region);
  };

  const mustBeWhole = (region: SimRegion, name: string, { point }: Needs): void => {
    if (isRotten(region, name)) return;
    const found = region.copies.get(name);
    const which = `${name} of ${point.group}/${point.id}`;
    must('visible-point-whole', found?.isWhole === true, () => `${which} is missing`);
    must('proven-was-checked', found.isChecked, () => `${which} was never looked at`);
  };

  const mustHoldTheCut = (copy: Copy, point: RecoveryPoint, region: SimRegion): void => {
    const { resource } = copy;
    const key = resourceKey(resource);
    const cut = world.cuts.get(`${point.id} ${key}`);
    must('point-holds-the-cut', cut !== undefined, () => `${key} of ${point.id} was never cut`);
    const content = merged(rowsIn(copy, region));
    const isThen = (atMs: number, object: string, value: string | null) =>
      hadValue(
        world.region(point.sourceRegion),
        `${key}/${object}`,
        value,
        atMs,
        world.scheduler.nowMs,
      );
    // A volume's snapshot is of one instant; a container's objects are of the cut or later.
    const isExact = resource.kind !== 'container';
    for (const object of new Set([...cut.content.keys(), ...content.keys()])) {
      const value = content.get(object) ?? null;
      const isRight = isExact
        ? (cut.content.get(object) ?? null) === value
        : isThen(cut.atMs, object, value);
      must(
        'point-holds-the-cut',
        isRight,
        () =>
          `${key}/${object} of ${point.id} is ${value ?? 'missing'}, the cut has ${cut.content.get(object) ?? 'none'}`,
      );
    }
  };

  return {
    onCommit(transaction) {
      for (const path of deletedBelow(transaction, 'points/')) visible.delete(path);
      for (const [path, point] of putBelow<RecoveryPoint>(transaction, 'points/')) {
        if (point.state === 'expiring') {
          const known = visible.get(path);
          if (known !== undefined) mustNotBeWanted(known.point, [...visible.values()]);
          visible.delete(path);
        } else if (!visible.has(path)) committed(point);
        else visible.set(path, { ...(visible.get(path) as Needs), point });
      }
    },
    onEffect({ operation, subject, region }) {
      if (operation === 'put copy') world.rotten.delete(`${region}/${subject}`);
      if (operation !== 'delete copy' && operation !== 'delete bank object') return;
      for (const { point, copies, objects } of visible.values()) {
        if (point.region !== region) continue;
        must(
          'visible-point-whole',
          !copies.has(subject) && !objects.has(subject),
          () => `${subject} was deleted and ${point.group}/${point.id} needs it`,
        );
      }
    },
  };

  /** Retention keeps the newest usable ones, and the newest proven one, unless somebody deletes a point, or the group, by name. */
  function mustNotBeWanted(point: RecoveryPoint, all: readonly Needs[]): void {
    const isOrdered =
      world.ordered.has(point.group) || world.ordered.has(`${point.group}/${point.id}`);
    if (isOrdered || !isUsable(point)) return;
    const spec = truth.group(point.group)?.spec;
    const policy = spec === undefined ? null : truth.get(keys.policy(spec.policy));
    const newer = all.filter(
      ({ point: other }) =>
        other.group === point.group &&
        other.region === point.region &&
        isUsable(other) &&
        Date.parse(other.dataTime) >= Date.parse(point.dataTime) &&
        other.id !== point.id,
    );
    must(
      'retention-kept',
      newer.length >= (policy?.retention.last ?? 0),
      () => `${point.group}/${point.id} expires with ${newer.length} newer usable points`,
    );
    must(
      'retention-kept',
      point.state !== 'proven' || newer.some(({ point: { state } }) => state === 'proven'),
      () => `${point.group}/${point.id} is the newest proven point and expires`,
    );
  }
}

function manifestOf(region: SimRegion, point: RecoveryPoint): readonly Copy[] {
  const body = region.bank.get(manifestName(point.group, point.id));
  must(
    'visible-point-whole',
    body !== undefined,
    () => `no manifest of ${point.group}/${point.id}`,
  );
  const isSame = manifestSha256(body) === point.manifest.sha256;
  must('visible-point-whole', isSame, () => `another manifest of ${point.group}/${point.id}`);
  return decodeManifest(body, point).copies;
}

function needsOf(point: RecoveryPoint, copies: readonly Copy[], region: SimRegion): Needs {
  const refs = copies.flatMap(catalogRefsOf).map(({ object }) => object);
  return {
    point,
    copies: new Set(copies.flatMap((copy) => copyNames(copy, rowsIn(copy, region)))),
    objects: new Set([...refs, manifestName(point.group, point.id)]),
  };
}

/** As the bank holds them now. */
export function rowsIn(any: Copy, region: SimRegion): readonly (readonly Row[])[] {
  const copy = known(any);
  if (copy.kind === 'image') {
    const [, , row = ''] = copy.hashValue.split('/');
    return [[row.split('@') as unknown as Row]];
  }
  return catalogRefsOf(copy).map(({ object }) => {
    const body = region.bank.get(object);
    must('visible-point-whole', body !== undefined, () => `catalog ${object} is missing`);
    const lines = body.length === 0 ? [] : body.toString().split('\n');
    return lines.map((line) => rowOf(JSON.parse(line)));
  });
}

/** At some time between the two the object had this value; null: it was not there. */
function hadValue(
  region: SimRegion,
  key: string,
  value: string | null,
  fromMs: number,
  toMs: number,
): boolean {
  const moments = region.history.get(key) ?? [];
  const first = Math.max(
    0,
    moments.findLastIndex(({ atMs }) => atMs <= fromMs),
  );
  const isOlder = (moments[0]?.atMs ?? Infinity) > fromMs;
  if (value === null && isOlder) return true;
  return moments.slice(first).some((moment) => moment.atMs <= toMs && moment.value === value);
}
