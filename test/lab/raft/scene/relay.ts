import { createConnection, createServer, type Socket } from 'node:net';

/**
 * `node relay.ts <address> <port> <target port>`: carries connections to a port of this site's own
 * loopback, where controllers listen, so that tests outside the site are their clients. What stops or
 * hangs behind it, stops or hangs in front of it.
 */
const [address = '', port = '', target = ''] = process.argv.slice(2);

createServer({ allowHalfOpen: true }, (client) => {
  const inner = createConnection({ port: Number(target), host: '127.0.0.1', allowHalfOpen: true });
  tie(client, inner);
  tie(inner, client);
}).listen(Number(port), address, () =>
  process.stdout.write(`listens on http://${address}:${port}\n`),
);

function tie(from: Socket, to: Socket): void {
  from.pipe(to);
  // Refused, reset or gone: the other side is told in the same way.
  from.on('error', () => to.resetAndDestroy());
}
