import type { Image } from '../../../regions/image/types.ts';
import type { CatalogRef } from '../../../replicator/bank/bank.ts';
import type { CatalogRow } from '../../../replicator/container/catalog/row.ts';
import type { Capture, ResourceRef } from '../../../replicator/mover.ts';
import type { BackupCopy, VolumeAttributes } from '../../../replicator/volume/types.ts';
import { unknownKind, type KnownCapture, type KnownCopy } from '../../support/known-kinds.ts';
import { copyName } from './types.ts';

/** A row of a catalog: an object's name and its value; null: it is gone since the backup before. */
export type Row = readonly [object: string, value: string | null];

/** A row as a catalog holds it: a container's in the product's own shape, with the key under which its bytes lie. */
export function lineOf({ kind, id }: ResourceRef, row: Row): Row | CatalogRow {
  const [name, value] = row;
  if (kind !== 'container' || value === null) return row;
  const key = copyName(kind, id, name, value);
  return { name, bytes: 1, contentType: '-', listed: { hash: value, at: '-' }, key };
}

export function rowOf(line: unknown): Row {
  if (Array.isArray(line)) return line as unknown as Row;
  const { name, listed } = line as CatalogRow;
  return [name, listed.hash];
}

const noHash = '0'.repeat(64);

/** Captures and copies in the shapes that manifests take, with as little in them as that allows. */
export function captureOf(resource: ResourceRef, dataTime: string, objects: number): KnownCapture {
  switch (resource.kind) {
    case 'volume':
      return {
        kind: 'volume',
        resource,
        dataTime,
        attributes: attributesOf(resource),
        snapshotId: resource.id,
      };
    case 'image':
      return {
        kind: 'image',
        resource,
        dataTime,
        image: imageOf(resource, noHash),
        members: [],
        notes: [],
      };
    case 'container':
      return {
        kind: 'container',
        resource,
        dataTime,
        headers: {},
        notes: [],
        spool: resource.id,
        objects,
        bytes: objects,
      };
    default:
      return unknownKind(resource.kind);
  }
}

export function backupOf(id: string, catalog: CatalogRef, isFull: boolean): BackupCopy {
  return {
    backupId: id,
    incremental: !isFull,
    container: 'volumebackups',
    prefix: id,
    sizeGib: 1,
    metadataSha256: catalog.sha256,
    sha256FileSha256: catalog.sha256,
    catalog,
    record: {},
  };
}

export function volumeCopyOf(
  capture: Capture,
  chain: readonly BackupCopy[],
  objects: number,
): KnownCopy {
  return {
    kind: 'volume',
    format: 1,
    ...baseOf(capture, objects),
    consistency: 'snapshot',
    attributes: attributesOf(capture.resource),
    targetVolumeType: null,
    availabilityZone: null,
    chain,
  };
}

/** Of its one object: an image's content never changes. */
export function imageCopyOf(capture: Capture, [object, value]: Row): KnownCopy {
  const { resource } = capture;
  const hash = copyName('image', resource.id, object, value ?? '');
  return {
    kind: 'image',
    format: 1,
    ...baseOf(capture, 1),
    consistency: 'immutable',
    image: imageOf(resource, hash),
    members: [],
    notes: [],
    targetImageId: resource.id,
    hashAlgo: 'sha512',
    hashValue: hash,
  };
}

export function containerCopyOf(capture: Capture, catalog: CatalogRef): KnownCopy {
  const { resource } = capture;
  return {
    kind: 'container',
    format: 2,
    ...baseOf(capture, catalog.rows),
    consistency: 'listing',
    container: resource.name,
    headers: {},
    catalog,
    references: 0,
    isWhole: true,
    segments: [],
    writtenSince: capture.dataTime,
    notes: [],
  };
}

function baseOf({ resource, dataTime }: Capture, objects: number) {
  return { resource, dataTime, objects, bytes: objects };
}

function attributesOf(resource: ResourceRef): VolumeAttributes {
  return {
    name: resource.name,
    description: '',
    sizeGib: 1,
    volumeType: null,
    bootable: false,
    metadata: {},
    imageMetadata: {},
  };
}

export function imageOf({ id, name }: Pick<ResourceRef, 'id' | 'name'>, hash: string): Image {
  return {
    id,
    name,
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
    hashValue: hash,
    createdAt: '2026-11-21T08:00:00Z',
    updatedAt: '2026-11-21T08:00:00Z',
    properties: {},
  };
}
