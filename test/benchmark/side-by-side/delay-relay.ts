/**
 * `node delay-relay.ts <round trip in ms> <port>:<target port>…`: carries connections to ports of its own
 * loopback, each byte half a round trip late in either direction, and the first ones one round trip
 * more, which is what making a connection takes. Port 0 takes a free one; it prints those it listens on.
 */
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** On their way in one direction of one connection: a window that does not slow 80 ms down. */
const inFlightBytes = 8 << 20;

const [roundTrip = '0', ...pairs] = process.argv.slice(2);
const roundTripMs = Number(roundTrip);
const ports: number[] = [];

for (const pair of pairs) {
  const [port, target] = pair.split(':').map(Number);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const options = { port: target ?? 0, host: '127.0.0.1', allowHalfOpen: true, noDelay: true };
    const far = createConnection(options);
    carry(near, far, roundTripMs * 1.5);
    carry(far, near, roundTripMs / 2);
  });
  server.listen(port);
  await once(server, 'listening');
  ports.push((server.address() as AddressInfo).port);
}
process.stdout.write(`listens on ${ports.join(' ')}\n`);

/** The first bytes take `firstMs`, what follows half a round trip and keeps its order. */
function carry(from: Socket, to: Socket, firstMs: number): void {
  const openedMs = performance.now();
  let held = 0;
  let last = Promise.resolve();
  const later = (work: () => void): void => {
    const dueMs = Math.max(performance.now() + roundTripMs / 2, openedMs + firstMs);
    last = last.then(async () => {
      await sleep(Math.max(0, dueMs - performance.now()));
      work();
    });
  };
  from.on('data', (part: Buffer) => {
    held += part.length;
    if (held > inFlightBytes) from.pause();
    later(() => {
      held -= part.length;
      if (!to.destroyed) to.write(part);
      if (held <= inFlightBytes) from.resume();
    });
  });
  from.on('end', () => later(() => to.end()));
  from.on('error', () => to.destroy());
  from.on('close', () => later(() => to.destroySoon()));
}
