import { expect } from 'chai';
import type { SessionSummary } from '../../../controller/model/types.ts';
import type { ApiClient } from '../../../controller/cli/api-client.ts';
import { shortcoming, syncNow } from '../../../controller/cli/commands/group.ts';

/** A controller whose sync joins the session under way, as it does, or begins one. */
function clientOf(before: string | null, answers: readonly string[]) {
  const asked: string[] = [];
  const left = [...answers];
  const get = (path: string) => {
    asked.push(`GET ${path}`);
    const session = before === null ? null : { id: before };
    const summary = { id: path.split('/').at(-1), phase: 'done', lacks: 0 };
    return Promise.resolve(
      path === '/groups/shop' ? { status: { session } } : { summary, progress: null },
    );
  };
  const client = {
    get,
    poll: get,
    post: (path: string) => {
      asked.push(`POST ${path}`);
      return Promise.resolve({ id: left.shift() });
    },
  } as unknown as ApiClient;
  return { client, asked };
}

describe('farshore group sync', () => {
  it('waits for the session under way, which began before, and then for one of its own', async () => {
    const { client, asked } = clientOf('s1', ['s1', 's2']);
    expect(await syncNow(client, 'shop')).to.include({ id: 's2' });
    expect(asked).to.deep.equal([
      'GET /groups/shop',
      'POST /groups/shop/sync',
      'GET /groups/shop/sessions/s1',
      'POST /groups/shop/sync',
      'GET /groups/shop/sessions/s2',
    ]);
  });

  it('does not call a session good whose point is damaged from its beginning', async () => {
    const ended = { id: 's2', phase: 'done', lacks: 0 } as SessionSummary;
    const finding = { subject: 'docs/o7', problem: 'missing', detail: 'not in the bank' };
    const listed = (state: string) => ({
      list: () => Promise.resolve([{ id: 's2', state, checked: { findings: [finding] } }]),
    });
    const of = (client: object, session = ended) =>
      shortcoming(client as Pick<ApiClient, 'list'>, 'shop', session);
    expect(await of(listed('proven'))).to.equal(null);
    expect(await of(listed('partial'))).to.equal(
      'its point is partial, in what it shares with others: docs/o7 missing, not in the bank. Another session repairs what the source still has',
    );
    expect(await of({ list: () => Promise.resolve([]) })).to.equal('its point is gone already');
    // It says itself what is missing, and has perhaps no point.
    expect(await of({}, { ...ended, phase: 'failed' })).to.equal(null);
    expect(await of({}, { ...ended, lacks: 1 })).to.equal(null);
  });

  for (const before of [null, 's1'])
    it(`waits for the one that it begins, after ${before ?? 'none'}`, async () => {
      const { client, asked } = clientOf(before, ['s2']);
      expect(await syncNow(client, 'shop')).to.include({ id: 's2' });
      expect(asked.filter((line) => line.startsWith('POST'))).to.have.length(1);
    });
});
