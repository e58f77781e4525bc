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
  /** A project id of that region's Keystone; Glance does not check that it exists. */
  readonly memberId: string;
  /** `pending`, `accepted` or `rejected`: only an accepted image is in that project's lists. */
  readonly status: string;
}

/**
 * One project's Glance. `get` gives null for what does not exist, `delete` false. `create` is not
 * idempotent: when its answer is lost the image may exist, so a caller gives it a property of its own
 * and looks for that before it creates again. A full quota is `image.quota-exceeded`, a refusal that a
 * policy decides `region.right-missing`.
 */
export interface ImageService {
  /** The images that this project owns, hidden ones too. */
  list(options?: {
    readonly name?: string;
    readonly property?: readonly [name: string, value: string];
    readonly signal?: AbortSignal;
  }): AsyncIterable<Image>;
  get(id: string, signal?: AbortSignal): Promise<Image | null>;
  create(image: NewImage, signal?: AbortSignal): Promise<Image>;
  /**
   * Streams the data into an image that is `queued`. Not retried inside. When the stream ends with an
   * error, that error is thrown and Glance takes the image back to `queued`, keeping nothing; when the
   * token expired under it, Glance deletes the image.
   */
  upload(id: string, body: Readable, sizeBytes: number, signal?: AbortSignal): Promise<void>;
  /** Throws `image.no-data` when there is none. Must be read to its end or destroyed. */
  download(id: string, signal?: AbortSignal): Promise<Readable>;
  /**
   * The same from a byte on, where Glance and its store can do that: `from` is where `body` begins, that
   * byte or 0.
   */
  downloadFrom(
    id: string,
    from: number,
    signal?: AbortSignal,
  ): Promise<{ readonly body: Readable; readonly from: number }>;
  update(id: string, change: ImageUpdate, signal?: AbortSignal): Promise<Image>;
  /** Clears the protection first when there is one. */
  delete(id: string, signal?: AbortSignal): Promise<boolean>;
  /** Glance refuses it (403) unless the image's visibility is `shared`. */
  listMembers(id: string, signal?: AbortSignal): Promise<readonly ImageMember[]>;
  /**
   * Adds what is missing, removes what is not named, of a `shared` image. The status can be set only by
   * an administrator (or by the member itself): what stays otherwise is given back as it is then.
   */
  setMembers(
    id: string,
    members: readonly ImageMember[],
    signal?: AbortSignal,
  ): Promise<readonly ImageMember[]>;
}
