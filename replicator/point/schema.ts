import { z } from 'zod';
import type { Image, ImageMember } from '../../regions/image/types.ts';
import type { CatalogRef } from '../bank/bank.ts';
import type { ContainerCopy, MirrorCopy } from '../container/types.ts';
import type { ImageCopy } from '../image/types.ts';
import type { BackupCopy, VolumeAttributes, VolumeCopy } from '../volume/types.ts';
import type { PointManifest } from './types.ts';

/** Strict, and the compiler tells when a field of the type is missing here: reading would refuse it. */
function strict<T>() {
  return <S extends { readonly [K in keyof T]-?: z.ZodType<T[K]> }>(shape: S) =>
    z.strictObject(shape);
}

const count = z.int().nonnegative();
const time = z.iso.datetime({ offset: true });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const strings = z.record(z.string(), z.string());
const named = z.string().min(1);

const catalog = strict<CatalogRef>()({ object: named, sha256, rows: count, bytes: count });

function base<K extends 'volume' | 'image' | 'container'>(kind: K) {
  return {
    kind: z.literal(kind),
    resource: z.strictObject({
      kind: z.enum(['volume', 'image', 'container']),
      id: named,
      name: z.string(),
    }),
    dataTime: time,
    consistency: z.enum(['snapshot', 'backup', 'listing', 'immutable']),
    objects: count,
    bytes: count,
  };
}

const backup = strict<BackupCopy>()({
  backupId: named,
  incremental: z.boolean(),
  container: named,
  prefix: named,
  sizeGib: count,
  metadataSha256: sha256,
  sha256FileSha256: sha256,
  catalog,
  record: z.record(z.string(), z.unknown()),
});

const volume = strict<VolumeCopy>()({
  ...base('volume'),
  attributes: strict<VolumeAttributes>()({
    name: z.string(),
    description: z.string(),
    sizeGib: count,
    volumeType: z.string().nullable(),
    bootable: z.boolean(),
    metadata: strings,
    imageMetadata: strings,
  }),
  targetVolumeType: z.string().nullable(),
  availabilityZone: z.string().nullable(),
  chain: z.array(backup).min(1),
});

const image = strict<ImageCopy>()({
  ...base('image'),
  image: strict<Image>()({
    id: named,
    name: z.string(),
    status: z.string(),
    visibility: z.enum(['public', 'private', 'shared', 'community']),
    protected: z.boolean(),
    hidden: z.boolean(),
    owner: z.string().nullable(),
    diskFormat: z.string().nullable(),
    containerFormat: z.string().nullable(),
    minDiskGib: count,
    minRamMib: count,
    tags: z.array(z.string()),
    sizeBytes: count.nullable(),
    virtualSizeBytes: count.nullable(),
    checksum: z.string().nullable(),
    hashAlgo: z.string().nullable(),
    hashValue: z.string().nullable(),
    createdAt: z.string(),
    updatedAt: z.string(),
    properties: strings,
  }),
  members: z.array(strict<ImageMember>()({ memberId: named, status: z.string() })),
  targetImageId: named,
  hashAlgo: named,
  hashValue: named,
});

const mirror = { container: named, headers: strings, mirror: named, catalog };

const container = strict<ContainerCopy>()({
  ...base('container'),
  ...mirror,
  segments: z.array(strict<MirrorCopy>()(mirror)),
  notes: z.array(z.string()),
});

/** A manifest as it lies in the bank. Anything else, one field more included, is not one. */
export const manifestSchema = strict<PointManifest>()({
  version: z.literal(1),
  id: named,
  group: named,
  generation: count,
  sessionId: named,
  sourceRegion: named,
  region: named,
  cutStart: time,
  cutEnd: time,
  dataTime: time,
  previous: z.strictObject({ id: named, sha256 }).nullable(),
  copies: z.array(z.discriminatedUnion('kind', [volume, image, container])).min(1),
});
