import type { ServerResponse } from 'node:http';
import { HttpServiceClient } from '../../../regions/http/http-service-client.ts';
import { createObjectStore } from '../../../regions/object-store/client.ts';
import type { ObjectStore } from '../../../regions/object-store/types.ts';
import { type Reply, type Seen, serve } from '../../support/http-server.ts';
import { rig } from '../http/rig.ts';

export const swiftInfo = {
  swift: { version: '2.30.1' },
  object_versioning: {},
  symlink: {},
  slo: {},
};

/** A store whose account is on a server that answers as told, but for `/info`; `calls` are `METHOD url`. */
export async function withStore(
  answer: (seen: Seen, response: ServerResponse) => Reply | undefined,
  work: (store: ObjectStore, seen: readonly Seen[], calls: () => string[]) => Promise<void>,
  info: object = swiftInfo,
): Promise<void> {
  await using server = await serve((seen, response) =>
    seen.url === '/info' ? { status: 200, body: info } : answer(seen, response),
  );
  await using it = rig();
  const session = {
    projectId: 'p1',
    token: () => Promise.resolve('t1'),
    refuse: () => undefined,
    endpoint: () => Promise.resolve(`${server.url}/v1/AUTH_p1`),
  };
  const store = createObjectStore(
    new HttpServiceClient('east', 'object-store', session, it.caller),
  );
  const calls = () =>
    server.seen
      .filter(({ url }) => url !== '/info')
      .map(({ method, url }) => `${method} ${url.replace('/v1/AUTH_p1', '')}`);
  await work(store, server.seen, calls);
}

export const row = (name: string, more: object = {}) => ({
  ...{
    name,
    hash: 'h',
    bytes: 1,
    content_type: 'a/b',
    last_modified: '2026-11-21T08:00:00.123450',
  },
  ...more,
});
