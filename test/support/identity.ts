import { newKeyPair, signWith, type Identity } from '../../replicator/bank/identity.ts';

const key = newKeyPair();

/** An installation whose key lives as long as the process. */
export function testIdentity(installation = 'test'): Identity {
  return { installation, sign: (bytes) => Promise.resolve(signWith(key, bytes)) };
}
