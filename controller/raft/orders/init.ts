import { join } from 'node:path';
import type { Ambient } from '../../../kernel/ambient.ts';
import { isoTime } from '../../../kernel/clock.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { formatSiteAddress } from '../../config/site-address.ts';
import { writeBundle } from '../bundle.ts';
import { lockMember } from '../lock.ts';
import type { ManagedSite } from '../managed.ts';
import { isThere, singleState } from '../member/traces.ts';
import { type MemberRecord, writeMemberRecord } from '../member-record.ts';
import { createAuthority, issueSite } from '../pki/authority.ts';
import { writePki } from '../pki/files.ts';

export interface Initiated {
  readonly site: string;
  /** One file for each of the other sites. */
  readonly bundles: readonly { readonly site: string; readonly file: string }[];
  /** The directory of a single controller's state, which the first `serve` carries over; or null. */
  readonly carriesOver: string | null;
}

/**
 * Makes the first site's member and a bundle for each other one. The member's record is written
 * last: killed before, there is no member, and doing it again makes everything anew.
 * Throws `raft.exists`.
 */
export async function init(
  managed: ManagedSite,
  outDir: string,
  { clock, random }: Ambient,
): Promise<Initiated> {
  const { site, home, dir } = managed;
  const lock = await lockMember(dir);
  try {
    if (await isThere(dir)) throw exists(dir.root);
    const nowMs = clock.now();
    const record: MemberRecord = {
      site,
      token: random.id() + random.id(),
      state: 'new',
      members: Object.fromEntries(
        [...home.sites].map(([name, address]) => [name, formatSiteAddress(address)]),
      ),
      firstSite: site,
      createdAt: isoTime(nowMs),
      epoch: null,
      isReady: false,
    };
    const authority = await createAuthority(nowMs);
    const bundles: { site: string; file: string }[] = [];
    for (const [name, { host }] of home.sites) {
      const pki = await issueSite(authority, { site: name, host, nowMs });
      if (name === site) {
        await writePki(dir, pki);
        continue;
      }
      const file = bundleFile(outDir, name);
      await writeBundle(file, { member: { ...record, site: name }, pki });
      bundles.push({ site: name, file });
    }
    await writeMemberRecord(dir, record);
    return { site, bundles, carriesOver: await singleState(managed.dataDir) };
  } finally {
    await lock.release();
  }
}

export function bundleFile(outDir: string, site: string): string {
  return join(outDir, `farshore-${site}.bundle.json`);
}

function exists(root: string): FarshoreError {
  return new FarshoreError('this site has a member already', {
    code: 'raft.exists',
    kind: 'permanent',
    operation: 'make cluster',
    subject: root,
    hint: 'farshore raft status shows it; a bundle for one more site comes from farshore raft add',
  });
}
