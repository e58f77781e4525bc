import { expect } from 'chai';
import { lackingMember } from '../../../replicator/point/members.ts';
import { ageSeconds, holdingOf, reachedOf, rpoSeconds } from '../../../replicator/point/reached.ts';
import type { PointMember, RecoveryPoint } from '../../../replicator/point/types.ts';
import { container, image } from '../session/harness.ts';
import { sampleHead } from './sample.ts';

const time = (clock: string) => `2026-11-21T${clock}:00.000Z`;
const now = Date.parse(time('12:00'));

function member(resource: typeof image, state: PointMember['state'] = 'proven'): PointMember {
  return { resource, state, dataTime: time('08:00'), damaged: 0, problem: null };
}

function lacking(code = 'member.ambiguous'): PointMember {
  return lackingMember({ resource: image, code, message: '-' });
}

function point(clock: string, ...members: readonly PointMember[]): RecoveryPoint {
  const isProven = members.every(({ state }) => state === 'proven');
  const isAny = members.some(({ state }) => state === 'proven' || state === 'partial');
  const state = isProven ? 'proven' : isAny ? 'partial' : 'damaged';
  return sampleHead({ id: clock, dataTime: time(clock), state, members });
}

const rpo = (...points: readonly RecoveryPoint[]) =>
  rpoSeconds(reachedOf(points.map(holdingOf)), now);

describe('the RPO that is reached', () => {
  const whole = (clock: string) => point(clock, member(image), member(container));
  const table: readonly [what: string, points: readonly RecoveryPoint[], minutes: number | null][] =
    [
      ['of nothing', [], null],
      ['of the newest point in which all is whole', [whole('11:00'), whole('10:00')], 60],
      [
        'of a resource that the newest lacks, from the last one that has it',
        [point('11:50', member(container), lacking()), whole('11:00'), whole('10:00')],
        60,
      ],
      [
        'of a resource whose copy was found damaged',
        [point('11:50', member(container), member(image, 'damaged')), whole('10:00')],
        120,
      ],
      [
        'of a copy that lacks parts of its source: it counts for what it has',
        [point('11:50', member(container), member(image, 'partial'))],
        10,
      ],
      [
        'of a resource that has no whole copy at all',
        [point('11:50', member(container), lacking())],
        null,
      ],
      [
        'of the others, where one is gone from the source',
        [point('11:50', member(container), lacking('resource.lost')), whole('10:00')],
        10,
      ],
      [
        'of the one before, where nothing of the newest is whole',
        [point('11:50', member(image, 'damaged')), point('11:00', member(image))],
        60,
      ],
      [
        'of what is offered, and not of what is going',
        [{ ...whole('11:50'), state: 'expiring' }, whole('11:00')],
        60,
      ],
    ];
  for (const [what, points, minutes] of table)
    it(`is that ${what}`, () => {
      expect(rpo(...points)).to.equal(minutes === null ? null : minutes * 60);
      expect(rpo(...points.toReversed())).to.equal(minutes === null ? null : minutes * 60);
    });

  it('is never told by a time that is yet to come: it counts from the point before, in their order', () => {
    const order = (sequence: number, head: RecoveryPoint) => ({ ...head, sequence });
    const future = order(3, point('23:00', member(image)));
    const before = order(2, point('11:00', member(image)));
    const oldest = order(1, point('10:00', member(image)));
    expect(rpo(future, before, oldest)).to.equal(3600);
    expect(rpo(future)).to.equal(null);
    expect(rpo(future, order(2, point('22:00', member(image))), oldest)).to.equal(7200);
    const after = order(4, point('11:30', member(image)));
    expect(rpo(after, future, before)).to.equal(1800);
  });

  it('bears clocks that differ by seconds', () => {
    expect(ageSeconds([new Date(now + 4_000).toISOString()], now)).to.equal(0);
    expect(ageSeconds([new Date(now + 6_000).toISOString()], now)).to.equal(null);
  });
});
