import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import {
  newKeyPair,
  signWith,
  type Identity,
  type KeyPair,
  type PublicKey,
} from '../../replicator/bank/identity.ts';
import { atomically } from '../store/atomically.ts';
import { type Operation, put, type Store, unchanged } from '../store/store.ts';
import { keys } from './keys.ts';

/** This Farshore: one for all controllers that share the state, made when the first of them starts. */
export interface Installation {
  readonly id: string;
  readonly createdAt: string;
  /** Signs manifests. It lies nowhere else. */
  readonly key: KeyPair & { readonly since: string };
  /** Public parts of keys that signed before, of this or of adopted installations. */
  readonly formerKeys: readonly (PublicKey & { readonly until: string })[];
}

/** Makes it where there is none. Two controllers at once: one makes it, the other finds it. */
export async function openInstallation(
  store: Store,
  { clock, random }: Pick<Ambient, 'clock' | 'random'>,
): Promise<Installation> {
  for (;;) {
    const found = await store.get(keys.installation());
    if (found !== null) return found.value;
    const at = isoTime(clock.now());
    const made = {
      id: random.id(),
      createdAt: at,
      key: { ...newKeyPair(), since: at },
      formerKeys: [],
    };
    await store.transact([unchanged(keys.installation(), null)], [put(keys.installation(), made)]);
  }
}

/** The installation as banks know it; signs by the key that is in use when it is asked. */
export async function identityOf(
  store: Store,
  ambient: Pick<Ambient, 'clock' | 'random'>,
): Promise<Identity> {
  const { id } = await openInstallation(store, ambient);
  return Object.freeze({
    installation: id,
    sign: async (bytes: Buffer) => {
      const { key, formerKeys: former } = await openInstallation(store, ambient);
      const { fingerprint, publicKey } = key;
      return { signature: signWith(key, bytes), by: { fingerprint, publicKey }, former };
    },
  });
}

/** `audit` is written with it. Manifests that the former key signed can be checked as before. */
export async function changeKey(
  store: Store,
  ambient: Pick<Ambient, 'clock' | 'random'>,
  audit: (before: Installation, after: Installation) => Operation,
): Promise<Installation> {
  await openInstallation(store, ambient);
  const { result } = await atomically(store, async () => {
    const found = await store.get(keys.installation());
    if (found === null) throw new RangeError('an installation is never deleted');
    const { fingerprint, publicKey } = found.value.key;
    const at = isoTime(ambient.clock.now());
    const after: Installation = {
      ...found.value,
      key: { ...newKeyPair(), since: at },
      formerKeys: [{ fingerprint, publicKey, until: at }, ...found.value.formerKeys],
    };
    return {
      compares: [unchanged(keys.installation(), found)],
      operations: [put(keys.installation(), after), audit(found.value, after)],
      result: after,
    };
  });
  return result;
}

/** Keys of an installation that this one follows, for whose fingerprints somebody has vouched. */
export async function adoptKeys(
  store: Store,
  ambient: Pick<Ambient, 'clock' | 'random'>,
  adopted: readonly PublicKey[],
): Promise<void> {
  await openInstallation(store, ambient);
  await atomically(store, async () => {
    const found = await store.get(keys.installation());
    if (found === null) throw new RangeError('an installation is never deleted');
    const { key, formerKeys } = found.value;
    const known = new Set([key, ...formerKeys].map(({ fingerprint }) => fingerprint));
    const until = isoTime(ambient.clock.now());
    const more = adopted
      .filter(({ fingerprint }) => !known.has(fingerprint))
      .map(({ fingerprint, publicKey }) => ({ fingerprint, publicKey, until }));
    if (more.length === 0) return { compares: [], operations: [], result: undefined };
    const after = { ...found.value, formerKeys: [...formerKeys, ...more] };
    return {
      compares: [unchanged(keys.installation(), found)],
      operations: [put(keys.installation(), after)],
      result: undefined,
    };
  });
}
