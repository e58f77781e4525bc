import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

import { runCli } from './run-cli.ts';

const policy = (name: string): string =>
  `kind: policy\nname: ${name}\nobjectives: { rpo: 1h, rto: 4h }\nschedule: { every: 15m }\ntarget: west\n`;
const group = `kind: group\nname: shop\npolicy: gold\nsource: { region: east, project: demo }\nmembers:\n  - volume: data\n`;

describe('farshore apply', () => {
  let dir: string;
  let server: Server;
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    dir = await mkdtemp(join(tmpdir(), 'farshore-apply-'));
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await rm(dir, { recursive: true });
  });

  async function apply(files: Readonly<Record<string, string>>) {
    const paths: string[] = [];
    for (const [name, content] of Object.entries(files)) {
      paths.push(join(dir, name));
      await writeFile(join(dir, name), content);
    }
    const { port } = server.address() as AddressInfo;
    const flags = paths.flatMap((path) => ['-f', path]);
    const args = ['--api', `http://127.0.0.1:${port}`, 'group', 'apply', ...flags];
    return await runCli(...args);
  }

  it('applies all files, policies before the groups that use them', async () => {
    const files = { 'shop.yaml': group, 'gold.yaml': policy('gold'), 'iron.yaml': policy('iron') };
    const { code, stdout, stderr } = await apply(files);
    expect(code, stderr).to.equal(0);
    expect(asked).to.deep.equal([
      'PUT /v1/policies/gold',
      'PUT /v1/policies/iron',
      'PUT /v1/groups/shop',
    ]);
    expect(stdout).to.equal('policy gold applied\npolicy iron applied\ngroup shop applied\n');
  });

  it('applies nothing when any of them is wrong, or says a thing twice', async () => {
    const wrong = await apply({ 'gold.yaml': policy('gold'), 'shop.yaml': 'kind: grup\n' });
    expect([wrong.code, asked]).to.deep.equal([1, []]);
    expect(wrong.stderr).to.include('shop.yaml');
    const twice = await apply({ 'a.yaml': policy('gold'), 'b.yaml': policy('gold') });
    expect([twice.code, asked]).to.deep.equal([1, []]);
    expect(twice.stderr).to.include('policy gold').and.to.include('more than once');
  });
});
