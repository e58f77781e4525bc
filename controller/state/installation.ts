import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import {
  newKeyPair,
  signWith,
  type Identity,
  type KeyPair,
  type PublicKey,
} from '../../replicator/bank/identity.ts';
import { put, type Store, unchanged } from '../store/store.ts';
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
    sign: async (bytes: Buffer) => signWith((await openInstallation(store, ambient)).key, bytes),
  });
}
