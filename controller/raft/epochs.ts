import type { ClusterEpoch } from './keys.ts';
import type { MemberRecord } from './member-record.ts';

type Epoch = NonNullable<MemberRecord['epoch']>;

/**
 * What another site's epoch says of this member. `superseded`: quorum was forced without it, so
 * that what it holds counts no more. `split`: it was forced at two sites, neither knowing of the
 * other, and somebody must choose.
 */
export function compareEpochs(
  own: Epoch | null,
  other: ClusterEpoch | null,
): 'same' | 'superseded' | 'split' {
  const mine = own?.epoch ?? 0;
  const theirs = other?.epoch ?? 0;
  if (theirs > mine) return 'superseded';
  const isOther = own !== null && other !== null && theirs === mine;
  return isOther && (own.at !== other.at || own.site !== other.site) ? 'split' : 'same';
}
