import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { fingerprintOf, type Identity, type KeyPair } from '../../../replicator/bank/identity.ts';
import { testIdentity } from '../../support/identity.ts';

const known = new Map<string, Identity>();

/** The same key each time: names in the bank follow from it, and with them a seed's history. */
export function identityNamed(installation: string): Identity {
  const found = known.get(installation) ?? testIdentity(installation, keyOf(installation));
  known.set(installation, found);
  return found;
}

/** PKCS #8 of an Ed25519 key, up to its 32 bytes. */
const beginning = Buffer.from('302e020100300506032b657004220420', 'hex');

function keyOf(installation: string): KeyPair {
  const secret = createHash('sha256').update(installation).digest();
  const der = Buffer.concat([beginning, secret]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return {
    fingerprint: fingerprintOf(publicKey),
    publicKey: publicKey.toString('base64'),
    privateKey: der.toString('base64'),
  };
}
