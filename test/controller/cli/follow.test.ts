import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';

import type { ApiClient } from '../../../controller/cli/api-client.ts';
import { followExecution } from '../../../controller/cli/commands/follow.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { executionOf } from '../support/fixtures.ts';
import { main } from './run-cli.ts';

describe('following an execution', () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.close();
    server?.closeAllConnections();
    server = undefined;
  });

  it('goes on where what it draws on a terminal finds no controller for a while', async () => {
    let asked = 0;
    const get = () => {
      asked += 1;
      const error = { code: 'api.unreachable', kind: 'transient', operation: 'ask' } as const;
      return Promise.reject(new FarshoreError('no answer (ECONNREFUSED)', error));
    };
    const ended = executionOf('shop', 'x1', { state: 'ended', result: 'succeeded' });
    const watch = async function* () {
      while (asked < 2) await delay(20);
      yield ended;
    };
    const { isTTY } = process.stderr;
    process.stderr.isTTY = true;
    try {
      const client = { get, watch } as unknown as ApiClient;
      expect(await followExecution(client, 'x1', 'table')).to.equal(ended);
    } finally {
      process.stderr.isTTY = isTTY;
    }
  });

  it('says at ^C that it goes on, and how to come back', async () => {
    server = createServer((_request, response) => {
      const running = executionOf('shop', 'x1', { state: 'running' });
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(`event: execution\ndata: ${JSON.stringify({ ...running, version: 1 })}\n\n`);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const flags = ['--api', `http://127.0.0.1:${port}`, 'execution', 'watch', 'x1'];
    const child = spawn(process.execPath, [main, ...flags]);
    const closed = once(child, 'close');
    const said = text(child.stderr);
    // By then the command listens for it.
    await once(server, 'request');
    child.kill('SIGINT');
    const [code] = (await closed) as [number | null];
    expect(code).to.equal(130);
    expect(await said)
      .to.include('goes on in the controller')
      .and.to.include('farshore execution watch x1')
      .and.to.include('farshore execution cancel x1');
  });
});
