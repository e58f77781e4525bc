import { fingerprintOf, isSignedBy, type PublicKey, type Signature } from './identity.ts';
import { readBounded, type Documents } from './documents.ts';

/**
 * A signed document is two lines of JSON: the content, and `{"signature":{"key":…,"value":…}}` over the
 * bytes of the first line with its end. One object, so that neither is there without the other.
 */
export async function signed(
  content: unknown,
  sign: (bytes: Buffer) => Promise<Signature>,
): Promise<Buffer> {
  const first = Buffer.from(JSON.stringify(content) + '\n');
  return signedBytes(first, sign);
}

export async function signedBytes(
  first: Buffer,
  sign: (bytes: Buffer) => Promise<Signature>,
): Promise<Buffer> {
  const second = JSON.stringify({ signature: await sign(first) }) + '\n';
  return Buffer.concat([first, Buffer.from(second)]);
}

export interface SignedParts {
  /** The bytes that the signature is over. */
  readonly content: Buffer;
  /** Null: there is none that could be read. */
  readonly signature: Signature | null;
}

export function partsOf(body: Buffer): SignedParts {
  const end = body.indexOf('\n') + 1;
  if (end === 0) return { content: body, signature: null };
  return { content: body.subarray(0, end), signature: parseSignature(body.subarray(end)) };
}

function parseSignature(line: Buffer): Signature | null {
  try {
    const parsed = JSON.parse(line.toString('utf8')) as { signature?: Partial<Signature> } | null;
    const { key, value } = parsed?.signature ?? {};
    return typeof key === 'string' && typeof value === 'string' ? { key, value } : null;
  } catch {
    return null;
  }
}

/**
 * `authentic`: by a key that somebody vouches for. `unverified`: by a key of which only the bank itself
 * says that it is one. `unsigned`, `forged`: not by the key that it names. `unknown-key`: nobody has it.
 */
export type Authenticity = 'authentic' | 'unverified' | 'unsigned' | 'forged' | 'unknown-key';

export interface Keyring {
  /** By fingerprint. */
  readonly keys: ReadonlyMap<string, PublicKey>;
  /** Fingerprints that the operator, or this installation's own state, vouches for. */
  readonly trusted: ReadonlySet<string>;
}

export function authenticityOf({ content, signature }: SignedParts, ring: Keyring): Authenticity {
  if (signature === null) return 'unsigned';
  const key = ring.keys.get(signature.key);
  if (key === undefined) return 'unknown-key';
  if (!isSignedBy(key, content, signature)) return 'forged';
  return ring.trusted.has(signature.key) ? 'authentic' : 'unverified';
}

const keyFolder = '.keys/';

/**
 * So that a bare region can check signatures: without it nothing that the key signed can be had back. A
 * former one stays; one that is not what it should be is written anew.
 */
export async function publishKey(
  documents: Documents,
  { fingerprint, publicKey }: PublicKey,
  signal?: AbortSignal,
): Promise<void> {
  const name = keyName(fingerprint);
  if ((await keyIn(documents, name, signal)) === publicKey) return;
  const body = JSON.stringify({ format: 1, fingerprint, publicKey }) + '\n';
  await documents.write(name, Buffer.from(body), signal);
}

/** Those whose fingerprint is that of their bytes: a name proves nothing. */
export async function publishedKeys(
  documents: Documents,
  signal?: AbortSignal,
): Promise<readonly PublicKey[]> {
  const found: PublicKey[] = [];
  for await (const name of documents.list(keyFolder, {}, signal)) {
    const publicKey = await keyIn(documents, name, signal);
    if (publicKey === null) continue;
    const fingerprint = fingerprintOf(Buffer.from(publicKey, 'base64'));
    if (name === keyName(fingerprint)) found.push({ fingerprint, publicKey });
  }
  return found;
}

function keyName(fingerprint: string): string {
  return `${keyFolder}${fingerprint.replace('sha256:', '')}.json`;
}

/** Null also for what is too large to be one. */
async function keyIn(
  documents: Documents,
  name: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const body = await readBounded(documents, name, signal);
  return body instanceof Buffer ? publicKeyIn(body) : null;
}

function publicKeyIn(body: Buffer): string | null {
  try {
    const { publicKey } = JSON.parse(body.toString('utf8')) as { publicKey?: unknown };
    return typeof publicKey === 'string' ? publicKey : null;
  } catch {
    return null;
  }
}
