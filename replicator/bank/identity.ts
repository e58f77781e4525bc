import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';

/** Who writes into banks: one Farshore with all its controllers. */
export interface Identity {
  /** Made once, with the state; everything made outside of it bears it. */
  readonly installation: string;
  /** By the key that is in use now; `former` are those that signed what may still be there. */
  sign(bytes: Buffer): Promise<{
    readonly signature: Signature;
    readonly by: PublicKey;
    readonly former: readonly PublicKey[];
  }>;
}

export interface Signature {
  /** Fingerprint of the public key. */
  readonly key: string;
  /** Base64 of Ed25519's 64 bytes. */
  readonly value: string;
}

export interface PublicKey {
  /** `sha256:<64 hex digits>` of the key's DER. */
  readonly fingerprint: string;
  /** Base64 of the SubjectPublicKeyInfo in DER. */
  readonly publicKey: string;
}

export interface KeyPair extends PublicKey {
  /** Base64 of the PKCS #8 in DER. Secret: it lies in the state store alone. */
  readonly privateKey: string;
}

export function newKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return {
    fingerprint: fingerprintOf(der),
    publicKey: der.toString('base64'),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  };
}

export function fingerprintOf(publicKey: Buffer): string {
  return `sha256:${createHash('sha256').update(publicKey).digest('hex')}`;
}

/** The same bytes and key give the same signature. */
export function signWith({ fingerprint, privateKey }: KeyPair, bytes: Buffer): Signature {
  const der = Buffer.from(privateKey, 'base64');
  const key = createPrivateKey({ key: der, type: 'pkcs8', format: 'der' });
  return { key: fingerprint, value: sign(null, bytes, key).toString('base64') };
}

/** False also for what is no key: it lies where others may write. */
export function isSignedBy({ publicKey }: PublicKey, bytes: Buffer, { value }: Signature): boolean {
  try {
    const der = Buffer.from(publicKey, 'base64');
    const key = createPublicKey({ key: der, type: 'spki', format: 'der' });
    return (
      key.asymmetricKeyType === 'ed25519' && verify(null, bytes, key, Buffer.from(value, 'base64'))
    );
  } catch {
    return false;
  }
}

/** For OpenSSL and others: `openssl pkey -in`. */
export function privateKeyPem({ privateKey }: KeyPair): string {
  const der = Buffer.from(privateKey, 'base64');
  return createPrivateKey({ key: der, type: 'pkcs8', format: 'der' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}
