import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { FarshoreError } from '../../kernel/errors.ts';

export interface ListeningServer {
  readonly url: string;
  /** Refuses new connections, ends those that are idle, and waits for the rest. */
  close(): Promise<void>;
}

/** Port 0 takes a free one. Throws `api.address-in-use` or what else the address refuses with. */
export async function listen(
  app: RequestListener,
  host: string,
  port: number,
): Promise<ListeningServer> {
  const server = createServer(app);
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new FarshoreError(error instanceof Error ? error.message : String(error), {
      code: 'api.address-in-use',
      kind: 'permanent',
      operation: 'listen on',
      subject: `${host}:${port}`,
      hint: 'end what uses it, or set api.listen in the configuration',
      cause: error,
    });
  }
  const { address, port: bound, family } = server.address() as AddressInfo;
  return Object.freeze({
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  });
}
