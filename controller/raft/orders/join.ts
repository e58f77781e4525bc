import type { Ambient } from '../../../kernel/ambient.ts';
import { isoTime } from '../../../kernel/clock.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { formatSiteAddress } from '../../config/site-address.ts';
import { type Bundle, readBundle } from '../bundle.ts';
import { lockMember } from '../lock.ts';
import type { ManagedSite } from '../managed.ts';
import { findRunning } from '../member/running.ts';
import { end } from '../member/supervisor.ts';
import { isThere, setAside } from '../member/traces.ts';
import { type MemberRecord, writeMemberRecord } from '../member-record.ts';
import { faultOf } from '../pki/inspect.ts';
import { writePki } from '../pki/files.ts';

export interface Joined {
  readonly site: string;
  /** Where the old member's files lie now; null: there were none. */
  readonly aside: string | null;
}

/**
 * Unpacks a bundle. With `reset` an old member's files are moved aside first. The record is written
 * last: killed before, joining again (with `reset`, if it was given) does it.
 * Throws `raft.bad-bundle`, `raft.other-site`, `raft.exists`.
 */
export async function joinCluster(
  managed: ManagedSite,
  { bundle: path, reset }: { readonly bundle: string; readonly reset: boolean },
  ambient: Ambient,
): Promise<Joined> {
  const { site, dir } = managed;
  const bundle = await readBundle(path);
  checkFits(managed, bundle, path);
  const lock = await lockMember(dir);
  try {
    let aside: string | null = null;
    if (reset) {
      const left = await findRunning(dir.data, ambient.clock);
      if (left !== null) await end(left, ambient);
      aside = await setAside(dir, isoTime(ambient.clock.now()));
    } else if (await isThere(dir)) {
      throw new FarshoreError('this site has a member already', {
        code: 'raft.exists',
        kind: 'permanent',
        operation: 'join cluster',
        subject: dir.root,
        hint: '--reset moves its files aside first; do that only to a member that was removed or left behind',
      });
    }
    await writePki(dir, bundle.pki);
    await writeMemberRecord(dir, bundle.member);
    return { site, aside };
  } finally {
    await lock.release();
  }
}

function checkFits({ site, home, address }: ManagedSite, bundle: Bundle, path: string): void {
  const refuse = (code: string, message: string, hint: string) => {
    throw new FarshoreError(message, {
      code,
      kind: 'permanent',
      operation: 'join cluster',
      subject: path,
      hint,
    });
  };
  const { member, pki } = bundle;
  if (member.site !== site)
    refuse(
      'raft.other-site',
      `the bundle is that of ${member.site}, and this is ${site}`,
      'take the right one, or correct raft.site',
    );
  const differences = differencesOf(member, home.sites);
  if (differences.length > 0)
    refuse(
      'raft.other-site',
      `raft.sites differs from the bundle: ${differences.join('; ')}`,
      'write the same sites into the configuration of every site',
    );
  const fault = faultOf(pki, address.host);
  if (fault !== null) refuse('raft.bad-bundle', fault, 'make a new one: farshore raft add');
}

/** Sites that were added later are in the configuration alone. */
function differencesOf(
  { members }: MemberRecord,
  sites: ManagedSite['home']['sites'],
): readonly string[] {
  return Object.entries(members).flatMap(([name, text]) => {
    const address = sites.get(name);
    const configured = address === undefined ? 'missing' : formatSiteAddress(address);
    return configured === text ? [] : [`${name} is ${configured}, expected ${text}`];
  });
}
