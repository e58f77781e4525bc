/** The least a Node server can do with a body: a file, and nothing kept of it. Its address goes to stdout. */
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const file = join(process.argv[2]!, 'object');
const pieceBytes = 1 << 20;

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'PUT') {
    await pipeline(request, createWriteStream(file, { highWaterMark: pieceBytes }));
    response.writeHead(201, { 'content-length': 0 }).end();
    return;
  }
  response.writeHead(200, { 'content-length': (await stat(file)).size });
  await pipeline(createReadStream(file, { highWaterMark: pieceBytes }), response);
}

const server = createServer((request, response) => void respond(request, response));
server.listen(0, '127.0.0.1', () => {
  console.log(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
