export type Visibility = 'public' | 'private' | 'shared' | 'community';

/** Of Glance's statuses those that an image can have here; a deleted one has no row any more. */
export type ImageStatus = 'queued' | 'saving' | 'uploading' | 'active' | 'deactivated';

export interface MemberRow {
  readonly member_id: string;
  readonly status: 'pending' | 'accepted' | 'rejected';
  readonly created_at: string;
  readonly updated_at: string;
}

/** Data whose every byte is in the store, with what was computed as it came. */
export interface StoredData {
  /** Its blob. */
  readonly id: string;
  readonly bytes: number;
  readonly md5: string;
  readonly sha512: string;
}

/** What is kept of one image. Names and values are the API's, times have whole seconds. */
export interface ImageRow {
  readonly id: string;
  readonly name: string | null;
  readonly status: ImageStatus;
  readonly visibility: Visibility;
  readonly protected: boolean;
  readonly os_hidden: boolean;
  readonly owner: string | null;
  readonly disk_format: string | null;
  readonly container_format: string | null;
  readonly min_disk: number;
  readonly min_ram: number;
  readonly size: number | null;
  readonly virtual_size: number | null;
  readonly checksum: string | null;
  readonly os_hash_algo: string | null;
  readonly os_hash_value: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly tags: readonly string[];
  /** Everything else that was set. */
  readonly properties: Readonly<Record<string, string | null>>;
  readonly members: readonly MemberRow[];
  /** Of an `active` or `deactivated` image. */
  readonly data: StoredData | null;
  /** Of an `uploading` one, once all of it has come. */
  readonly staged: StoredData | null;
}

const hidden: ReadonlySet<string> = new Set(['properties', 'members', 'data', 'staged']);

/** The image as the API shows it. */
export function imageView(row: ImageRow): Record<string, unknown> {
  const fields = Object.entries(row).filter(([name]) => !hidden.has(name));
  const self = `/v2/images/${row.id}`;
  return {
    ...row.properties,
    ...Object.fromEntries(fields),
    self,
    file: `${self}/file`,
    schema: '/v2/schemas/image',
  };
}
