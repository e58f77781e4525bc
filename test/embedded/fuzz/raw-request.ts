import { connect } from 'node:net';

export interface RawRequest {
  readonly method: string;
  /** Sent as it is, whatever is in it. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** The client ends the connection where more should come: it need not be answered. */
  readonly isCut?: boolean;
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** Longer than anything that a region takes on any machine: an answer that comes later is a hang. */
const patienceMs = 120_000;

/** What a client that knows no rules sends; status 0 when the connection ended without an answer. */
export function sendRaw(url: string, request: RawRequest): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url);
  const lines = [
    `${request.method} ${request.target} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: close',
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const parts: Buffer[] = [];
    socket.setTimeout(patienceMs, () => {
      socket.destroy(new Error(`no answer in ${patienceMs} ms to ${lines[0] ?? ''}`));
    });
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // An answer given early closes the connection under what is still being sent.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => {
      const all = Buffer.concat(parts).toString('latin1');
      const text = all.replace(/^(HTTP\/1\.1 1\d\d[^\r]*\r\n\r\n)+/, '');
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    });
    socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    if (request.isCut === true) socket.end(request.body);
    else socket.write(request.body);
  });
}
