import type { Readable } from 'node:stream';

export type ImageVisibility = 'public' | 'private' | 'shared' | 'community';

/** Fields of Glance's API v2. */
export interface Image {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly visibility: ImageVisibility;
  readonly protected: boolean;
  readonly hidden: boolean;
  readonly owner: string | null;
  readonly diskFormat: string | null;
  readonly containerFormat: string | null;
  readonly minDiskGib: number;
  readonly minRamMib: number;
  readonly tags: readonly string[];
  /** Bytes; null until data was uploaded. */
  readonly sizeBytes: number | null;
  readonly virtualSizeBytes: number | null;
  /** MD5. */
  readonly checksum: string | null;
  /** Chosen by the Glance that holds the data: `sha512` by default. */
  readonly hashAlgo: string | null;
  readonly hashValue: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Every further property that a user or service set; strings. Leaves out Glance's own read-only ones (`stores`, `locations`, `direct_url`, `file`, `schema`, `self`, `os_glance_*`, …). */
  readonly properties: Readonly<Record<string, string>>;
}

export interface NewImage {
  /** Chosen id; `image.id-taken` when it exists, or was deleted and not purged. */
  readonly id?: string;
  readonly name: string;
  readonly diskFormat: string;
  readonly containerFormat: string;
  readonly visibility: ImageVisibility;
  readonly protected?: boolean;
  readonly hidden?: boolean;
  readonly minDiskGib?: number;
  readonly minRamMib?: number;
  readonly tags?: readonly string[];
  readonly properties?: Readonly<Record<string, string>>;
}

/** The whole wished-for state of what can be changed; what is not in `properties` is removed. */
export type ImageUpdate = Required<Omit<NewImage, 'id' | 'diskFormat' | 'containerFormat'>>;

export interface ImageMember {
  readonly memberId: string;
  readonly status: string;
}

/** One project's Glance. `get` gives null for what does not exist, `delete` false. */
export interface ImageService {
  list(options?: {
    readonly name?: string;
    readonly property?: readonly [name: string, value: string];
    readonly signal?: AbortSignal;
  }): AsyncIterable<Image>;
  get(id: string, signal?: AbortSignal): Promise<Image | null>;
  create(image: NewImage, signal?: AbortSignal): Promise<Image>;
  /** Streams the data; on failure Glance takes the image back to `queued` or drops it. Not retried inside. */
  upload(id: string, body: Readable, sizeBytes: number, signal?: AbortSignal): Promise<void>;
  /** Throws `image.no-data` when there is none. Must be read to its end or destroyed. */
  download(id: string, signal?: AbortSignal): Promise<Readable>;
  update(id: string, change: ImageUpdate, signal?: AbortSignal): Promise<Image>;
  /** Clears the protection first when there is one. */
  delete(id: string, signal?: AbortSignal): Promise<boolean>;
  listMembers(id: string, signal?: AbortSignal): Promise<readonly ImageMember[]>;
  /** Adds what is missing, removes what is not named. */
  setMembers(id: string, memberIds: readonly string[], signal?: AbortSignal): Promise<void>;
}
