import type { Compare, Store } from '../store/store.ts';
import { claimLost } from './held-claims.ts';
import type { ClaimKind, Claims } from './types.ts';

/**
 * What a write of the claim's holder compares. Throws `claim.lost` also where only the store knows
 * that it is lost: else a writer that tries again on every change would try for ever.
 */
export async function currentClaim(
  store: Store,
  claims: Pick<Claims, 'compareOf'>,
  kind: ClaimKind,
  id: string,
): Promise<Compare> {
  const compare = claims.compareOf(kind, id);
  const held = await store.get({ path: compare.path });
  if ((held?.modRevision ?? 0) !== compare.modRevision) throw claimLost(kind, id);
  return compare;
}
