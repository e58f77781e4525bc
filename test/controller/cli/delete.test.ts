import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';

import { runCli } from './run-cli.ts';

describe('farshore group delete and point delete', () => {
  let server: Server;
  let deleted: string[];

  beforeEach(async () => {
    deleted = [];
    server = createServer((request, response) => {
      if (request.method === 'DELETE') deleted.push(request.url ?? '');
      const points = { items: [{ id: 'p1', dataTime: '2026-11-21T09:00:00.000Z' }], next: null };
      response.writeHead(request.method === 'DELETE' ? 204 : 200, {
        'Content-Type': 'application/json',
      });
      response.end(request.method === 'DELETE' ? undefined : JSON.stringify(points));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  async function farshore(...args: readonly string[]) {
    const { port } = server.address() as AddressInfo;
    return await runCli('--api', `http://127.0.0.1:${port}`, ...args);
  }

  it('delete no point where nobody can be asked', async () => {
    for (const order of [
      ['group', 'delete', 'shop', '--delete-points'],
      ['point', 'delete', 'shop', 'p1'],
    ]) {
      const { code, stderr } = await farshore(...order);
      expect([code, deleted], order.join(' ')).to.deep.equal([1, []]);
      expect(stderr).to.include('give --yes');
    }
  });

  it('ask nobody with --yes, nor for a group whose points are not to go, and hand the reason on', async () => {
    await farshore('group', 'delete', 'shop');
    await farshore('group', 'delete', 'shop', '--delete-points', '--yes', '--reason', 'sold');
    await farshore('point', 'delete', 'shop', 'p1', '--yes');
    expect(deleted).to.deep.equal([
      '/v1/groups/shop?deletePoints=false',
      '/v1/groups/shop?deletePoints=true&reason=sold',
      '/v1/groups/shop/points/p1',
    ]);
  });
});
