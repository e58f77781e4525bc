import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import type { ApiClient } from '../../../controller/cli/api-client.ts';
import { followExecution } from '../../../controller/cli/commands/follow.ts';
import type { Execution, StepRecord } from '../../../runbooks/execution/types.ts';
import { executionOf } from '../support/fixtures.ts';
import { runCli } from './run-cli.ts';

const farshore = (...args: readonly string[]) => runCli('--api', 'http://127.0.0.1:9', ...args);

const gate: StepRecord = {
  id: 'unfenced:accept',
  type: 'accept-unfenced',
  title: 'go on although the old primary is not fenced',
  needs: [],
  params: {},
  always: false,
  gate: '1 of 1 resources of the old primary are not fenced',
  approvalNeedsReason: true,
  state: 'waiting',
  attempts: 0,
  memo: {},
  notes: [],
};

describe('farshore failover', () => {
  it('takes options that need each other together only, and asks nobody before', async () => {
    const wrong = [
      [['--unfenced'], '--reason is given with'],
      [['--reason', 'dark'], '--reason is given with'],
      [['--older', 'p1', '--resource', 'volume/data'], '--reason is given with'],
      [['--older', 'p1', '--reason', 'damaged'], '--older and --resource are given together'],
      [['--unfenced', '--resource', 'volume/data', '--reason', 'dark'], '--older and --resource'],
    ] as const;
    for (const [flags, message] of wrong) {
      const { code, stderr } = await farshore('failover', 'shop', '--yes', ...flags);
      expect(code).to.equal(1);
      expect(stderr.trim().split('\n')).to.have.length(1);
      expect(stderr).to.include(message);
    }
  });

  it('orders resources of an older point as one parameter', async () => {
    let body: unknown;
    const server = createServer((request, response) => {
      void text(request).then((sent) => {
        body = JSON.parse(sent);
        response.writeHead(201, { 'content-type': 'application/json' });
        response.end(JSON.stringify(executionOf('shop', 'x1')));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const older = ['--older', 'p1', '--resource', 'volume/data', 'volume/logs'];
    const order = ['failover', 'shop', '--yes', '--no-wait', ...older, '--reason', 'damaged'];
    const { code, stderr } = await farshore('--api', `http://127.0.0.1:${port}`, ...order);
    server.close();
    expect(code, stderr).to.equal(0);
    expect(body).to.deep.include({
      params: {
        older: { point: 'p1', resources: ['volume/data', 'volume/logs'], reason: 'damaged' },
      },
    });
  });

  it('says at a gate what it waits for, and the command that passes it', async () => {
    const waiting = executionOf('shop', 'x1', { steps: [gate], state: 'waiting' });
    const states: readonly Execution[] = [waiting, waiting, { ...waiting, state: 'ended' }];
    const watch = async function* () {
      yield* states;
      await Promise.resolve();
    };
    const written: string[] = [];
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (chunk: string | Uint8Array) => written.push(String(chunk)) > 0;
    try {
      await followExecution({ watch } as unknown as ApiClient, 'x1', 'table');
    } finally {
      process.stderr.write = write;
    }
    const said = written.join('');
    expect(said).to.include('it waits: 1 of 1 resources of the old primary are not fenced');
    const command = 'farshore execution approve x1 unfenced:accept --reason "…"';
    expect(said.split(command)).to.have.length(2);
  });
});
