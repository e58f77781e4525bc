import { once } from 'node:events';
import { connect } from 'node:tls';
import type { Clock } from '../../../kernel/clock.ts';
import type { SitePki } from './authority.ts';

const withinMs = 2_000;

/** When the certificate that is served at `host:port` ends, in milliseconds since the epoch; null: none is. */
export async function servedCertificateEnd(
  address: string,
  { authority, client }: SitePki,
  clock: Clock,
  signal: AbortSignal,
): Promise<number | null> {
  const url = new URL(`https://${address}`);
  const done = new AbortController();
  const socket = connect({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 443),
    ca: authority.cert,
    cert: client.cert,
    key: client.key,
  });
  // Heard of below; one that comes after that is of nobody's interest.
  socket.on('error', () => undefined);
  try {
    const ended = AbortSignal.any([done.signal, signal]);
    const isConnected = await Promise.race([
      once(socket, 'secureConnect', { signal: ended }).then(() => true),
      clock.sleep(withinMs, ended).then(() => false),
    ]);
    return isConnected ? Date.parse(socket.getPeerCertificate().valid_to) : null;
  } catch {
    signal.throwIfAborted();
    // Not reached, or not trusted: the member's own answer says more of it.
    return null;
  } finally {
    done.abort();
    socket.destroy();
  }
}
