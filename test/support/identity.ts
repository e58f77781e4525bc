import { newKeyPair, signWith, type Identity } from '../../replicator/bank/identity.ts';

/** An installation whose key lives as long as the process, or is the given one. */
export function testIdentity(installation = 'test', key = ownKey): Identity {
  const { fingerprint, publicKey } = key;
  return {
    installation,
    sign: (bytes) =>
      Promise.resolve({ signature: signWith(key, bytes), by: { fingerprint, publicKey } }),
  };
}

const ownKey = newKeyPair();
