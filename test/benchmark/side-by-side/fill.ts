import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import PQueue from 'p-queue';
import { Agent, type Dispatcher, request, RetryAgent } from 'undici';

const atOnce = 16;
const piece = 1 << 20;

/** Objects of random bytes, all of one length. */
export interface Content {
  readonly container: string;
  readonly objects: number;
  readonly bytesEach: number;
}

interface Account {
  readonly url: string;
  readonly token: string;
}

/** Makes the container in the region at this Keystone; one that a earlier run has filled is kept. */
export async function fill(keystone: string, content: Content): Promise<void> {
  const account = await login(keystone);
  // A busy server may close a connection that it kept just when the next request is sent.
  const dispatcher = new RetryAgent(new Agent({ connections: atOnce }), {
    methods: ['PUT', 'HEAD'],
  });
  const container = `${account.url}/${content.container}`;
  const headers = { 'x-auth-token': account.token };
  try {
    if ((await count(container, headers, dispatcher)) === content.objects) return;
    const put = async (url: string, bytes: number): Promise<void> => {
      const { statusCode, body } = await request(url, {
        method: 'PUT',
        headers: { ...headers, 'content-length': String(bytes) },
        body: bytes > piece ? Readable.from(pieces(bytes)) : randomBytes(bytes),
        dispatcher,
      });
      await body.dump();
      if (statusCode >= 300) throw new Error(`PUT ${url}: ${statusCode}`);
    };
    await put(container, 0);
    const queue = new PQueue({ concurrency: atOnce });
    const failed: unknown[] = [];
    for (let index = 0; index < content.objects && failed.length === 0; index += 1) {
      const name = `folder-${index % 100}/object-${String(index).padStart(8, '0')}`;
      const work = () => put(`${container}/${name}`, content.bytesEach);
      queue.add(work).catch((error: unknown) => failed.push(error));
      await queue.onSizeLessThan(1_000);
    }
    await queue.onIdle();
    if (failed.length > 0) throw failed[0];
  } finally {
    await dispatcher.close();
  }
}

function* pieces(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= piece) yield randomBytes(Math.min(piece, left));
}

/** As its head says; a Swift's is late by some seconds, and then the container is filled again. */
async function count(
  url: string,
  headers: Readonly<Record<string, string>>,
  dispatcher: Dispatcher,
): Promise<number> {
  const { headers: told, body } = await request(url, { method: 'HEAD', headers, dispatcher });
  await body.dump();
  return Number(told['x-container-object-count'] ?? NaN);
}

async function login(keystone: string): Promise<Account> {
  const domain = { id: 'default' };
  const identity = {
    methods: ['password'],
    password: { user: { name: 'admin', domain, password: 'secret' } },
  };
  const response = await fetch(`${keystone}/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity, scope: { project: { name: 'demo', domain } } } }),
  });
  if (response.status !== 201) throw new Error(`Keystone answered ${response.status}`);
  const { token } = (await response.json()) as { readonly token: { readonly catalog: Service[] } };
  const store = token.catalog.find(({ type }) => type === 'object-store');
  const url = store?.endpoints.find((each) => each.interface === 'public')?.url;
  if (url === undefined) throw new Error('the catalogue has no object store');
  return { url, token: response.headers.get('x-subject-token') ?? '' };
}

interface Service {
  readonly type: string;
  readonly endpoints: readonly { readonly interface: string; readonly url: string }[];
}
