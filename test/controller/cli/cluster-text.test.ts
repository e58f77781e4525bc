import { expect } from 'chai';
import { clusterText } from '../../../controller/cli/cluster-text.ts';
import type { ControllerInfo } from '../../../controller/cluster/types.ts';
import type { ClusterStatus } from '../../../controller/model/controller-status.ts';

const infoOf = (site: string): ControllerInfo => ({
  id: `${site}-1`,
  site,
  region: site,
  startedAt: '2026-11-21T08:00:00.000Z',
  version: '1.0.0',
});
const [east, west, witness] = [infoOf('east'), infoOf('west'), infoOf('witness')];
const whole: ClusterStatus = {
  self: west,
  leader: east,
  controllers: [east, west, witness],
  epoch: 0,
  quorum: true,
  staleSeconds: 0,
};

describe('the line of controllers in farshore status', () => {
  const table: readonly [what: string, change: Partial<ClusterStatus>, line: string | null][] = [
    ['names roles', {}, 'controllers: east (coordinates), west (answers), witness'],
    ['both of one', { self: east }, 'controllers: east (coordinates, answers), west, witness'],
    ['is left out of one alone', { controllers: [west], leader: west }, null],
    [
      'says that nobody coordinates',
      { leader: null },
      'controllers: east, west (answers), witness; no coordinator at the moment',
    ],
    [
      'says that there is no quorum, to one alone too',
      { controllers: [west], leader: null, quorum: false },
      'controllers: west (answers); NO QUORUM: see farshore raft status',
    ],
  ];
  for (const [what, change, line] of table)
    it(what, () => {
      expect(clusterText({ ...whole, ...change })).to.equal(line);
    });
});
