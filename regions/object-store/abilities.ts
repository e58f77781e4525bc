type Info = Readonly<Record<string, unknown>>;

/**
 * What a store with Swift's interface does beyond plain objects. Where one is false, the request for
 * it is mostly not refused but ignored: ask first. Seen on Swift 2.30.1 and Ceph RGW 16.2.15, 18.2.7.
 */
export interface StoreAbilities {
  readonly kind: 'swift' | 'ceph-rgw';
  /** For people: `Swift 2.30.1`, `Ceph RGW 16.2.15`. */
  readonly name: string;
  /** X-Versions-Enabled and `version-id`. RGW ignores both: a DELETE of a version takes the object. */
  readonly versions: boolean;
  /** RGW makes an empty object of a symlink. */
  readonly symlinks: boolean;
  readonly largeObjects: boolean;
  /** An SLO's manifest can be read; RGW gives an empty body in its place. */
  readonly readsManifests: boolean;
  /** Segments with `range` or `data`, and SLOs of SLOs; RGW ignores or refuses them. */
  readonly nestsManifests: boolean;
  /**
   * PUT of an SLO's manifest may bear the SLO's ETag, and that of a DLO the MD5 of its bytes; RGW refuses
   * any (422), and no segment's is checked.
   */
  readonly checksManifestEtag: boolean;
  /** `If-None-Match: *` on PUT keeps what is there; RGW overwrites it. */
  readonly honoursIfNoneMatch: boolean;
  /** X-Copy-From-Account; RGW answers 404. */
  readonly copiesAcrossAccounts: boolean;
  /** A server-side copy keeps X-Delete-At, and its type with `x-fresh-metadata`. */
  readonly copiesExpiry: boolean;
  readonly containerQuotas: boolean;
  readonly bulkDelete: boolean;
  readonly bulkUpload: boolean;
  readonly containerNameBytes: { readonly least: number; readonly most: number };
  readonly objectNameBytes: number;
  /** The largest single object. */
  readonly objectBytes: number;
  readonly manifestSegments: number;
}

/** From the answer to `/info`. */
export function abilitiesOf(info: Info): StoreAbilities {
  const swift = mapOf(info.swift);
  const version = typeof swift.version === 'string' ? swift.version : '';
  const isRgw = isCeph(swift, version);
  const has = (name: string) => info[name] !== undefined;
  return Object.freeze<StoreAbilities>({
    kind: isRgw ? 'ceph-rgw' : 'swift',
    name: `${isRgw ? 'Ceph RGW' : 'Swift'} ${version}`.trim(),
    versions: !isRgw && has('object_versioning'),
    symlinks: !isRgw && has('symlink'),
    largeObjects: has('slo'),
    readsManifests: !isRgw && has('slo'),
    nestsManifests: !isRgw && has('slo'),
    checksManifestEtag: !isRgw,
    honoursIfNoneMatch: !isRgw,
    copiesAcrossAccounts: !isRgw,
    copiesExpiry: !isRgw,
    containerQuotas: has('container_quotas'),
    bulkDelete: has('bulk_delete'),
    bulkUpload: has('bulk_upload'),
    containerNameBytes: {
      least: isRgw ? 3 : 1,
      most: numberOf(swift.max_container_name_length, isRgw ? 255 : 256),
    },
    objectNameBytes: numberOf(swift.max_object_name_length ?? swift.max_object_name_size, 1_024),
    objectBytes: numberOf(swift.max_file_size, 5 * 1024 ** 3),
    manifestSegments: numberOf(mapOf(info.slo).max_manifest_segments, 1_000),
  });
}

/** One line for people: what can be protected there. */
export function describeStore(abilities: StoreAbilities): string {
  const { name, symlinks, largeObjects, readsManifests } = abilities;
  const lacks = [
    ...(largeObjects ? [] : ['large objects']),
    ...(largeObjects && !readsManifests ? ['the large objects (SLO) already in it'] : []),
    ...(symlinks ? [] : ['symlinks']),
  ];
  const but = lacks.length === 0 ? '' : ` without ${lacks.join(' and ')}`;
  return `${name}: volumes, images, containers${but}`;
}

/** Why no container of that name can be made there; undefined: it can. */
export function containerNameFault(
  container: string,
  { name, containerNameBytes: { least, most } }: StoreAbilities,
): string | undefined {
  const bytes = Buffer.byteLength(container);
  if (bytes >= least && bytes <= most) return undefined;
  return `its name has ${bytes} bytes, and ${name} takes ${least} to ${most}`;
}

/** Ceph puts its own version where Swift's is, which is 2 to this day, and calls one limit otherwise. */
function isCeph(swift: Info, version: string): boolean {
  return 'max_object_name_size' in swift || Number.parseInt(version, 10) >= 9;
}

function mapOf(value: unknown): Info {
  return typeof value === 'object' && value !== null ? (value as Info) : {};
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : otherwise;
}
