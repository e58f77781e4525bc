/**
 * Is the copy whole? Reads the secondary only, changes nothing.
 *
 * `listing`: names, sizes and ETags as listed, against the catalog, and each record in Cinder.
 * `content`: besides, every object read back to its last byte. The hash of `_metadata` that the
 * manifest holds is the root: from it hang the MD5 of every piece of the volume, their places, and
 * the parent; the hash of `_sha256file` stands beside it.
 */
import type { Ambient } from '../../kernel/ambient.ts';
import type { Depth, TargetContext, Verification } from '../mover.ts';
import type { BackupCopy, VolumeCopy } from './types.ts';
import { catalogRows, isCatalogLost } from './ship/catalog.ts';
import { listPrefix, pairUp } from './ship/listing.ts';
import { isUsable, recordsOf } from './ship/record.ts';
import { verifyContent, wholeBackup } from './verify/content.ts';
import { Findings } from '../findings.ts';

export async function verifyVolume(
  copy: VolumeCopy,
  depth: Depth,
  at: TargetContext,
  ambient: Ambient,
): Promise<Verification> {
  const findings = new Findings(copy.resource);
  await verifyRecords(copy.chain, at, findings);
  let parentId: string | null = null;
  for (const backup of copy.chain) {
    await verifyListing(backup, at, findings);
    if (depth === 'content')
      await verifyContent({ ...backup, parentId }, wholeBackup, at, findings, ambient);
    parentId = backup.backupId;
  }
  return findings.result(depth);
}

export async function verifyRecords(
  chain: readonly BackupCopy[],
  at: TargetContext,
  findings: Findings,
): Promise<void> {
  const known = await recordsOf(chain, at);
  for (const { backupId } of chain) {
    const record = known.get(backupId);
    if (record === undefined)
      findings.add(backupId, 'missing', 'Cinder in the secondary has no record of this backup');
    else if (!isUsable(record))
      findings.add(backupId, 'altered', `expected status available, found ${record.status}`);
  }
}

/** Compares listing and catalog; a lagging listing is asked again by HEAD before it counts. */
export async function verifyListing(
  { container, prefix, catalog }: BackupCopy,
  at: TargetContext,
  findings: Findings,
): Promise<void> {
  const { signal } = at;
  const store = at.target.objectStore;
  try {
    const expected = catalogRows(at.bank, catalog, signal);
    for await (const pair of pairUp(expected, listPrefix(store, container, prefix, signal))) {
      if (pair.state === 'same') {
        findings.saw(pair.expected.bytes);
        continue;
      }
      if (pair.state === 'unexpected') {
        findings.add(`${container}/${pair.found.name}`, 'unexpected', 'not of this backup');
        continue;
      }
      const { name, etag, bytes } = pair.expected;
      const subject = `${container}/${name}`;
      const there = await store.head(container, name, { newest: true, signal });
      if (there === null) findings.add(subject, 'missing', `expected ${bytes} bytes`);
      else if (there.bytes !== bytes)
        findings.add(
          subject,
          there.bytes < bytes ? 'truncated' : 'altered',
          `expected ${bytes} bytes, found ${there.bytes}`,
        );
      else if (there.etag !== etag)
        findings.add(subject, 'altered', `expected ETag ${etag}, found ${there.etag}`);
      // Stored right but not listed so: Cinder restores by the listing, so it is no copy yet.
      else findings.add(subject, 'missing', 'stored, but the listing does not show it so');
    }
  } catch (error) {
    if (!isCatalogLost(error)) throw error;
    findings.add(
      `${at.bank.container}/${catalog.object}`,
      'unreadable',
      'the catalog of this backup’s objects is missing or altered in the bank',
    );
  }
}
