import type { Region } from './region.ts';

/** One request that the region's Swift proxy served. */
export interface SwiftRequest {
  readonly endedAtMs: number;
  readonly method: string;
  /** With the query string, decoded once. */
  readonly path: string;
  readonly status: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly userAgent: string;
  /** The middleware that made it on its own account (`SLO`, `VW`, …); `-` for a client's. */
  readonly source: string;
  readonly transaction: string;
  readonly seconds: number;
}

/**
 * Requests that ended after `sinceMs` (epoch), oldest first; a client's own only, unless
 * `inner` asks for those of middleware too. The log is written some milliseconds after the answer.
 */
export async function swiftRequests(
  region: Region,
  sinceMs: number,
  { inner = false } = {},
): Promise<SwiftRequest[]> {
  const since = String(sinceMs / 1000);
  const select = ['awk', '-v', `since=${since}`, '$2 + 0 >= since + 0'];
  const text = await region.run([...select, '/var/log/swift/access.log']);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parse)
    .filter((request) => inner || request.source === '-');
}

/** `access: TIME METHOD PATH STATUS RECEIVED SENT AGENT SOURCE TRANSACTION SECONDS`, URL-quoted. */
function parse(line: string): SwiftRequest {
  const [, time, method, path, status, received, sent, agent, source, transaction, seconds] =
    line.split(' ');
  return {
    endedAtMs: Number(time) * 1000,
    method: method ?? '',
    path: decodeURIComponent(path ?? ''),
    status: Number(status),
    bytesReceived: count(received),
    bytesSent: count(sent),
    userAgent: decodeURIComponent(agent ?? ''),
    source: source ?? '-',
    transaction: transaction ?? '',
    seconds: count(seconds),
  };
}

/** The log writes `-` for nothing. */
function count(text: string | undefined): number {
  return text === undefined || text === '-' ? 0 : Number(text);
}
