import { expect } from 'chai';
import { FarshoreError } from '../../kernel/errors.ts';
import { Answer } from '../../regions/answer.ts';

const source = { region: 'west', service: 'block-storage', operation: 'list volumes' };

function failure(read: () => unknown): FarshoreError {
  try {
    read();
  } catch (error) {
    expect(error).to.be.instanceOf(FarshoreError);
    return error as FarshoreError;
  }
  return expect.fail('nothing was thrown');
}

describe('Answer', () => {
  const answer = new Answer(
    { volumes: [{ id: 'v1', size: '1', created_at: '2026-11-21T08:00:00.250000' }], up: 'true' },
    source,
  );

  it('names service, region, call and the path of the field that is wrong', () => {
    const error = failure(() => answer.objects('volumes')[0]!.integer('size'));
    expect(error.code).to.equal('region.answer-malformed');
    expect(error.operation).to.equal('list volumes');
    expect(error.message).to.equal(
      'the block-storage service of region west answered, but the field `volumes[0].size` is a string where an integer was expected',
    );
  });

  it('tells missing from null and from a wrong type, and shows no value', () => {
    expect(failure(() => answer.string('secret')).message).to.contain('`secret` is missing');
    expect(failure(() => answer.objects('up')).message).to.contain('is a string where a list');
    expect(failure(() => answer.objects('up')).message).not.to.contain('true');
  });

  it('refuses a page of HTML or an empty body', () => {
    for (const body of ['<html>', null, []])
      expect(failure(() => new Answer(body, source)).message).to.contain('the body is');
  });

  it('reads a time without a zone as UTC and keeps its fraction', () => {
    expect(answer.objects('volumes')[0]!.time('created_at')).to.equal(
      '2026-11-21T08:00:00.250000Z',
    );
    const odd = new Answer({ a: '2026-11-21T08:00:00+00:00', b: 'yesterday' }, source);
    expect(odd.time('a')).to.equal('2026-11-21T08:00:00+00:00');
    expect(failure(() => odd.time('b')).code).to.equal('region.answer-malformed');
  });

  it('takes the strings true and false for booleans', () => {
    expect(answer.boolean('up')).to.equal(true);
    expect(failure(() => new Answer({ up: 'yes' }, source).boolean('up')).code).to.equal(
      'region.answer-malformed',
    );
  });
});
