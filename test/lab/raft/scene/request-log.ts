import { appendFileSync } from 'node:fs';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/**
 * `node request-log.ts <address> <port> <target port> <file>`: stands in front of a region in its site,
 * and writes down every request that may change something, when its answer is known, as a JSON line.
 */
const [address = '', port = '', target = '', file = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const longestBody = 4096;

/** One request that a region answered, or that was broken off (`status` null). */
export interface LoggedRequest {
  readonly at: string;
  /** The address that it came from: of the controller's site. */
  readonly peer: string;
  readonly method: string;
  readonly path: string;
  readonly status: number | null;
  /** Of a small JSON body, as it was sent. */
  readonly body: string;
}

// A client that reads slowly is not idle: nothing is closed before it closes.
createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, forward).listen(
  Number(port),
  address,
  () => process.stdout.write(`listens on http://${address}:${port}\n`),
);

function forward(incoming: IncomingMessage, response: ServerResponse): void {
  const { method = 'GET', url = '/', headers } = incoming;
  const body = noteBody(incoming);
  const note = (status: number | null): void => {
    if (method === 'GET' || method === 'HEAD') return;
    const at = new Date().toISOString();
    const peer = incoming.socket.remoteAddress ?? '';
    const line: LoggedRequest = { at, peer, method, path: url, status, body: body() };
    appendFileSync(file, `${JSON.stringify(line)}\n`);
  };
  // Node has answered 100-continue already.
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'expect'));
  const inner = request(
    { host: '127.0.0.1', port: Number(target), agent, method, path: url, headers: kept },
    (answer) => {
      note(answer.statusCode ?? 0);
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    },
  );
  inner.on('error', () => {
    if (!response.headersSent) note(null);
    response.destroy();
  });
  response.on('close', () => {
    // An order that arrived whole is carried out, whatever became of who gave it.
    if (!incoming.complete || method === 'GET') inner.destroy();
  });
  incoming.pipe(inner);
}

function noteBody(incoming: IncomingMessage): () => string {
  const isJson = incoming.headers['content-type']?.includes('json') === true;
  const parts: Buffer[] = [];
  let bytes = 0;
  if (isJson)
    incoming.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= longestBody) parts.push(part);
    });
  return () => Buffer.concat(parts).toString();
}
