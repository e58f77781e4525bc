import {
  newKeyPair,
  signWith,
  type Identity,
  type PublicKey,
} from '../../replicator/bank/identity.ts';

/** An installation whose key lives as long as the process, or is the given one. */
export function testIdentity(
  installation = 'test',
  key = ownKey,
  former: readonly PublicKey[] = [],
): Identity {
  const { fingerprint, publicKey } = key;
  return {
    installation,
    sign: (bytes) =>
      Promise.resolve({ signature: signWith(key, bytes), by: { fingerprint, publicKey }, former }),
  };
}

const ownKey = newKeyPair();
