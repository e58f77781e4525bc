import { expect } from 'chai';
import { newestProven } from '../../../replicator/point/choose.ts';
import { isSameData } from '../../../replicator/point/copies.ts';
import { copyOf } from '../../support/memory/copies.ts';
import { container, image, volume } from '../session/harness.ts';
import { sampleHead } from './sample.ts';

const old = sampleHead({ id: 'a', dataTime: '2026-11-21T08:00:00Z' });
const middle = sampleHead({ id: 'b', dataTime: '2026-11-21T09:00:00Z' });
const newest = sampleHead({ id: 'c', dataTime: '2026-11-21T10:00:00Z', state: 'damaged' });
const expiring = sampleHead({ id: 'd', dataTime: '2026-11-21T11:00:00Z', state: 'expiring' });

describe('the choice of a point', () => {
  it('is the newest proven one, whatever the order', () => {
    expect(newestProven([middle, expiring, old, newest])?.id).to.equal('b');
    expect(newestProven([newest, expiring])).to.equal(null);
  });
});

describe('sameness of copies', () => {
  it('goes by the stored data and not by names or times', () => {
    for (const resource of [volume, image, container]) {
      const copy = copyOf(resource, 'content', '2026-11-21T08:00:00Z');
      const renamed = copyOf({ ...resource, name: 'x' }, 'content', '2026-11-21T09:00:00Z');
      if (resource !== container) expect(isSameData(copy, renamed)).to.equal(true);
      expect(isSameData(copy, copyOf(resource, 'tnetnoc', copy.dataTime))).to.equal(false);
    }
    const copy = copyOf(volume, 'one', '2026-11-21T08:00:00Z');
    expect(isSameData(copy, copyOf(volume, 'two', copy.dataTime, copy))).to.equal(false);
    expect(isSameData(copy, copyOf(volume, 'one', copy.dataTime, copy))).to.equal(true);
  });
});
