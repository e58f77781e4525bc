import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { systemClock } from '../../../kernel/clock.ts';
import type { BulkRequest } from '../../../regions/http/service-client.ts';
import { ReadBuffers } from '../../../regions/http/read-buffers.ts';
import { rig, target } from './rig.ts';

const bytes = 12 * 1024 * 1024 + 12_345;
const read = { method: 'GET', path: '/c/o', operation: 'read object', ok: [200] } as const;
const write: BulkRequest = { ...read, method: 'PUT', operation: 'write object', ok: [201] };

const pem = (name: string) => readFile(new URL(`pem/${name}`, import.meta.url), 'utf8');

/** Gives the bytes that the path names a seed of, and keeps the hash of what it is given, slowly. */
async function swiftLike(isSecure: boolean) {
  const contents = new Map<string, Buffer>();
  const stored = new Map<string, string>();
  const serve: RequestListener = (request, response) => {
    const { method, url = '' } = request;
    if (method === 'GET') {
      const content = contents.get(url) ?? randomBytes(bytes);
      contents.set(url, content);
      response.writeHead(200, { 'content-length': content.length }).end(content);
      return;
    }
    const hash = createHash('sha256');
    let left = 0;
    request.on('data', (piece: Buffer) => {
      hash.update(piece);
      // So that the sender has to wait, again and again.
      left += piece.length;
      if (left < 512 * 1024) return;
      left = 0;
      request.pause();
      void systemClock.sleep(1).then(() => request.resume());
    });
    request.on('end', () => {
      stored.set(url, hash.digest('hex'));
      response.writeHead(201, { 'content-length': 0 }).end();
    });
  };
  const [key, cert, ca] = await Promise.all(['server.key', 'server.pem', 'ca.pem'].map(pem));
  const server = isSecure ? createTlsServer({ key, cert }, serve) : createHttpServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: isSecure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    tls: { verify: true, ...(isSecure ? { ca: ca! } : {}) },
    contents,
    stored,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

describe('what sockets read into', () => {
  for (const isSecure of [false, true])
    it(`is sent on as it came, many at once, ${isSecure ? 'with' : 'without'} TLS`, async () => {
      await using server = await swiftLike(isSecure);
      await using it = rig({ tls: server.tls });
      const to = target(server.url);
      // Kept by whoever asked for them while others are sent on.
      const kept = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          it.caller.whole(to, { ...read, path: `/whole/${n}`, mostBytes: bytes }),
        ),
      );
      const relay = async (n: number): Promise<void> => {
        for (const round of [1, 2]) {
          const path = `/c/${n}-${round}`;
          const { body } = await it.caller.bulk(to, { ...read, path });
          const put = { ...write, path, body, contentLength: bytes };
          (await it.caller.bulk(to, put)).body.destroy();
        }
      };
      await Promise.all([0, 1, 2, 3].map(relay));
      expect(server.stored.size).to.equal(8);
      for (const [path, sha256] of server.stored)
        expect(sha256).to.equal(
          createHash('sha256').update(server.contents.get(path)!).digest('hex'),
        );
      for (const [n, { body }] of kept.entries())
        expect(body.equals(server.contents.get(`/whole/${n}`)!)).to.equal(true);
    });

  describe('is used again', () => {
    const buffers = new ReadBuffers();
    /** What a client of the connector gets, piece for piece, of what the server sends it. */
    const pieces = async (...sent: readonly Buffer[]): Promise<readonly Buffer[]> => {
      const server = createServer((socket) => {
        for (const each of sent) socket.write(each);
        socket.end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const to = { protocol: 'http:', hostname: '127.0.0.1', port: String(port) };
      const socket = await new Promise<Socket>((resolve, reject) =>
        buffers.connector({})(to, (error, made) =>
          error === null ? resolve(made) : reject(error),
        ),
      );
      const found: Buffer[] = [];
      for await (const piece of socket as AsyncIterable<Buffer>) found.push(piece);
      server.close();
      return found;
    };

    it('once it was given back whole', async () => {
      const found = await pieces(Buffer.alloc(1 << 20, 1));
      // What is small is a copy, in a buffer of its own length.
      const [large] = found.filter(({ buffer }) => buffer.byteLength === 128 * 1024);
      const { buffer } = large!;
      buffers.giveBack(large!.subarray(0, 10));
      buffers.giveBack(large!.subarray(10));
      expect(large!.every((byte) => byte === 1)).to.equal(true);
      buffers.giveBack(large!);
      // Twice is once: two sockets must not read into one.
      buffers.giveBack(large!);
      const next = await pieces(Buffer.alloc(1 << 20, 2));
      const again = next.filter((piece) => piece.buffer === buffer);
      expect(again).to.have.length(1);
      expect(again[0]!.every((byte) => byte === 2)).to.equal(true);
      expect(large![0]).to.equal(2);
    });

    it('at once after what is small, which whoever has it may keep', async () => {
      const [small] = await pieces(Buffer.from('kept'));
      await pieces(Buffer.from('other'));
      expect(String(small)).to.equal('kept');
      buffers.giveBack(small!);
      expect(String(small)).to.equal('kept');
    });
  });

  it('is told of a connection that nobody takes', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const to = { protocol: 'http:', hostname: '127.0.0.1', port: String(port) };
    const error = await new Promise<Error | null>((resolve) =>
      new ReadBuffers().connector({})(to, (...[failed]) => resolve(failed)),
    );
    expect(error).to.include({ code: 'ECONNREFUSED' });
  });
});
