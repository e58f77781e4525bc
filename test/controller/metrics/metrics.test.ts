import { expect } from 'chai';
import { createMetrics } from '../../../controller/metrics/metrics.ts';
import type { ControllerService } from '../../../controller/service.ts';
import { sampleFigures, sampleStatus } from '../api/fake-service.ts';

describe('metrics of groups', () => {
  it('count sessions from zero, and go with the group', async () => {
    const metrics = createMetrics();
    const { observer } = metrics;
    let names = ['shop', 'web'];
    const service = {
      listGroupStatus: () => Promise.resolve(names.map((name) => sampleStatus({ name }))),
      knownRegions: () => Promise.resolve([]),
      figures: () => sampleFigures,
    } as unknown as ControllerService;
    const of = async (group: string) =>
      (await metrics.render(service)).split('\n').filter((line) => line.includes(`"${group}"`));
    expect(await of('web')).to.include.members(
      ['done', 'failed', 'superseded'].map(
        (result) => `farshore_replication_sessions_total{group="web",result="${result}"} 0`,
      ),
    );
    for (const group of names) {
      observer.sessionEnded({ group, result: 'failed', seconds: 3 });
      observer.moved({ group, kind: 'volume', result: 'moved', bytes: 5, objects: 1 });
      observer.backlog({ group, bytes: 7 });
      observer.executionEnded({ group, mode: 'drill', result: 'failed' });
    }
    const before = await of('shop');
    expect(before).to.include(
      'farshore_replication_sessions_total{group="shop",result="failed"} 1',
    );
    names = ['shop'];
    expect(await of('web')).to.deep.equal([]);
    expect(await of('shop')).to.deep.equal(before);
  });
});
