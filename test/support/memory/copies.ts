import { createHash } from 'node:crypto';
import type { Copy, ResourceRef } from '../../../replicator/mover.ts';
import type { VolumeCopy } from '../../../replicator/volume/types.ts';
import { known, unknownKind, type KnownCopy } from '../known-kinds.ts';

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What a resource with this content is stored as in the secondary: one name for equal content. */
export function dataName(resource: ResourceRef, content: string): string {
  return sha256Of(`${resource.kind}/${resource.id}/${content}`);
}

/** Names of all stored data that a copy made by `copyOf` needs. */
export function dataNames(any: Copy): readonly string[] {
  const copy = known(any);
  switch (copy.kind) {
    case 'volume':
      return copy.chain.map(({ catalog }) => catalog.sha256);
    case 'image':
      return [copy.hashValue];
    case 'container':
      return [copy.catalog.sha256];
  }
}

/** A copy as its mover would make it: whole in every field, so that a manifest takes it. */
export function copyOf(
  resource: ResourceRef,
  content: string,
  dataTime: string,
  previous: Copy | null = null,
): KnownCopy {
  const name = dataName(resource, content);
  const base = { format: 1 as const, resource, dataTime, objects: 1, bytes: content.length };
  switch (resource.kind) {
    case 'volume':
      return volumeCopy({ ...base, consistency: 'snapshot' }, name, previous);
    case 'image':
      return { ...base, kind: 'image', consistency: 'immutable', ...imageFields(resource, name) };
    case 'container':
      return {
        ...base,
        kind: 'container',
        format: 2,
        consistency: 'listing',
        container: resource.name,
        headers: { 'x-container-meta-a': 'b' },
        catalog: catalog(name),
        references: 0,
        isWhole: true,
        segments: [],
        writtenSince: dataTime,
        notes: [],
      };
    default:
      return unknownKind(resource.kind);
  }
}

function volumeCopy(
  base: Omit<Copy, 'kind' | 'format'>,
  name: string,
  previous: Copy | null,
): VolumeCopy {
  const before = previous === null ? null : known(previous);
  const older = before?.kind === 'volume' ? before.chain : [];
  const isThere = older.some((backup) => backup.catalog.sha256 === name);
  const backup = {
    backupId: name.slice(0, 8),
    incremental: older.length > 0,
    container: 'volumebackups',
    prefix: `volume_${base.resource.id}/${name.slice(0, 8)}`,
    sizeGib: 1,
    metadataSha256: name,
    sha256FileSha256: name,
    catalog: catalog(name),
    record: { id: name.slice(0, 8), size: 1 },
  };
  return {
    ...base,
    kind: 'volume',
    format: 1,
    attributes: {
      name: base.resource.name,
      description: '',
      sizeGib: 1,
      volumeType: null,
      bootable: false,
      metadata: {},
      imageMetadata: {},
    },
    targetVolumeType: null,
    availabilityZone: null,
    chain: isThere ? older : [...older, backup],
  };
}

function imageFields(resource: ResourceRef, name: string) {
  return {
    image: {
      id: resource.id,
      name: resource.name,
      status: 'active',
      visibility: 'private',
      protected: false,
      hidden: false,
      owner: null,
      diskFormat: 'raw',
      containerFormat: 'bare',
      minDiskGib: 0,
      minRamMib: 0,
      tags: [],
      sizeBytes: 1,
      virtualSizeBytes: null,
      checksum: null,
      hashAlgo: 'sha512',
      hashValue: name,
      createdAt: '2026-11-21T08:00:00Z',
      updatedAt: '2026-11-21T08:00:00Z',
      properties: {},
    },
    members: [],
    notes: [],
    targetImageId: resource.id,
    hashAlgo: 'sha512',
    hashValue: name,
  } as const;
}

function catalog(sha256: string) {
  return { object: `shop/catalogs/${sha256}.jsonl.gz`, sha256, rows: 1, bytes: 1 };
}
