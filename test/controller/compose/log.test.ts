import { expect } from 'chai';
import { FarshoreError } from '../../../kernel/errors.ts';
import { RequestError } from '../../../regions/http/request-error.ts';
import { createLog } from '../../../controller/compose/pino-log.ts';

describe('createLog', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line: string) => lines.push(line) });
  beforeEach(() => lines.splice(0));

  it('writes JSON lines with time, level, message and fields', () => {
    log.child({ group: 'shop' }).info('session phase', { phase: 'shipping' });
    const line = JSON.parse(lines[0]!) as Record<string, unknown>;
    expect(line).to.include({
      level: 'info',
      message: 'session phase',
      group: 'shop',
      phase: 'shipping',
    });
    expect(line['time']).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('writes a field that comes again once, the nearer one', () => {
    log.child({ group: 'shop' }).info('odd', { group: 'other' });
    expect(lines[0]?.match(/"group"/g)).to.have.length(1);
    expect(lines[0]).to.include('"group":"other"');
  });

  it('leaves out what is below the level', () => {
    log.debug('detail');
    expect(lines).to.deep.equal([]);
  });

  it('never writes a secret, however deep', () => {
    const headers = {
      'X-Auth-Token': 'hunter2',
      'x-subject-token': 'hunter2',
      Authorization: 'hunter2',
    };
    log.child({ password: 'hunter2' }).warn('odd', {
      request: { headers, auth: { adminPass: 'hunter2', list: [{ secret: 'hunter2' }] } },
      'x-container-meta-temp-url-key-2': 'hunter2',
      error: new FarshoreError('no', {
        code: 'a.b',
        kind: 'permanent',
        operation: 'call',
        cause: Object.assign(new Error('refused'), { config: { headers } }),
      }),
    });
    expect(lines).to.have.length(1);
    expect(lines[0]).to.not.include('hunter2');
    expect(lines[0]).to.include('refused');
  });

  it('says of a refused call what an operator greps for', () => {
    const error = new RequestError('quota', {
      code: 'region.refused',
      kind: 'permanent',
      operation: 'create volume',
      region: 'west',
      service: 'block-storage',
      method: 'POST',
      url: 'http://x',
      status: 413,
      requestId: 'req-1',
    });
    log.error('failed', { error });
    const line = JSON.parse(lines[0]!) as { error: Record<string, unknown> };
    expect(line.error).to.include({
      code: 'region.refused',
      status: 413,
      requestId: 'req-1',
      region: 'west',
    });
    expect(line.error).to.not.have.property('stack');
  });
});
