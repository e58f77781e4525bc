import type { HeaderMap } from '../../../regions/object-store/types.ts';
import type { TargetContext } from '../../mover.ts';
import type { RestoreTally } from './deps.ts';

const aclHeader = /^x-container-(read|write)$/;
/** `.r:*`, `.rlistings` and other referrer rules mean the same in every region. */
const referrerRule = /^\.r(listings)?(:|$)/;

/** Metadata and ACLs of the source, as they were. Setting them again changes nothing. */
export async function restoreContainerHeaders(
  container: string,
  headers: HeaderMap,
  at: TargetContext,
  tally: RestoreTally,
): Promise<void> {
  if (Object.keys(headers).length > 0)
    await at.target.objectStore.postContainer(container, headers, at.signal);
  for (const [name, value] of Object.entries(headers)) {
    const isOfThisKeystone = value.split(',').every((rule) => referrerRule.test(rule.trim()));
    if (aclHeader.test(name) && !isOfThisKeystone)
      tally.note(
        `${container}: ${name} names projects or users by the source's ids; check that they are the same in region ${at.target.region}`,
      );
  }
}
