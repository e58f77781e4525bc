import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { FarshoreError } from '../../../kernel/errors.ts';
import type {
  Image,
  ImageMember,
  ImageService,
  ImageUpdate,
  NewImage,
} from '../../../regions/image/types.ts';

export interface MemoryImage {
  image: Image;
  members: ImageMember[];
  /** What the store's file holds; the record's hashes are of what was uploaded. */
  data: Buffer;
}

type Method =
  Exclude<keyof ImageService, 'setMembers' | 'listMembers' | 'downloadFrom'> | 'members';

/**
 * One project's Glance in memory, by the contract and by what the real one was seen to do: an id stays
 * taken after its image was deleted; data goes in once; a body that ends in an error or too early
 * leaves the image `queued`; its own hash algorithm; members of shared images only, their status for an
 * administrator to set. `calls` holds each call with its id; `before` and `after` may throw, for a
 * refusal or a killed process, and for a lost answer. `stored` may be changed by a test to do damage.
 */
export class MemoryImageService implements ImageService {
  readonly calls: string[] = [];
  readonly stored = new Map<string, MemoryImage>();
  readonly #taken = new Set<string>();
  readonly #projectId: string;
  bytesIn = 0;
  bytesOut = 0;
  hashAlgo = 'sha512';
  mayAccept = true;
  now = '2026-11-21T08:00:00Z';
  before: (method: Method, id: string) => void = () => undefined;
  after: (method: Method, id: string) => void = () => undefined;
  /** Changes what arrives on its way into the store. */
  corrupt: (data: Buffer) => Buffer = (data) => data;
  /** A download breaks off after so many bytes. */
  cutDownloadAt: number | undefined;
  /** Its store can begin in the middle of a file. */
  readsRanges = true;

  constructor(projectId = 'p1') {
    this.#projectId = projectId;
  }

  /** As if another client had made it. */
  add(id: string, data: Buffer, look: Partial<Image> = {}): Image {
    const fresh = { id, name: id, diskFormat: 'raw', containerFormat: 'bare' } as const;
    const image = this.#newImage({ ...fresh, visibility: 'private' });
    this.stored.set(id, {
      image: { ...image, ...this.#hashed(data), ...look },
      members: [],
      data,
    });
    this.#taken.add(id);
    return this.stored.get(id)!.image;
  }

  async *list(options: Parameters<ImageService['list']>[0] = {}): AsyncGenerator<Image> {
    await this.#enter('list', options.property?.join('=') ?? options.name ?? '', options.signal);
    const images = [...this.stored.values()].map(({ image }) => image);
    for (const image of images) {
      const { name, property } = options;
      if (name !== undefined && image.name !== name) continue;
      if (property !== undefined && image.properties[property[0]] !== property[1]) continue;
      if (image.owner === this.#projectId) yield image;
    }
  }

  async get(id: string, signal?: AbortSignal): Promise<Image | null> {
    await this.#enter('get', id, signal);
    return this.stored.get(id)?.image ?? null;
  }

  async create(wish: NewImage, signal?: AbortSignal): Promise<Image> {
    await this.#enter('create', wish.id ?? '', signal);
    const id = wish.id ?? `made-${this.#taken.size}`;
    if (this.#taken.has(id)) throw failure('image.id-taken', 'permanent', id);
    this.#taken.add(id);
    const image = this.#newImage({ ...wish, id });
    this.stored.set(id, { image, members: [], data: Buffer.alloc(0) });
    this.after('create', id);
    return image;
  }

  async upload(id: string, body: Readable, size: number, signal?: AbortSignal): Promise<void> {
    await this.#enter('upload', id, signal);
    const held = this.#held(id);
    if (held.image.status !== 'queued') throw failure('image.conflict', 'permanent', id);
    held.image = { ...held.image, status: 'saving' };
    const pieces: Buffer[] = [];
    try {
      for await (const piece of body as AsyncIterable<Buffer>) {
        this.bytesIn += piece.length;
        pieces.push(piece);
        this.before('upload', `${id} in the middle`);
      }
    } catch {
      // The client sees its own request broken off, whatever broke it.
      held.image = { ...held.image, status: 'queued' };
      throw failure('region.connection-lost', 'transient', id);
    }
    const arrived = Buffer.concat(pieces);
    if (arrived.length !== size) {
      held.image = { ...held.image, status: 'queued' };
      throw failure('region.connection-lost', 'transient', id);
    }
    held.data = this.corrupt(arrived);
    held.image = { ...held.image, ...this.#hashed(held.data) };
    this.after('upload', id);
  }

  async download(id: string, signal?: AbortSignal): Promise<Readable> {
    return (await this.downloadFrom(id, 0, signal)).body;
  }

  async downloadFrom(id: string, wished: number, signal?: AbortSignal) {
    await this.#enter('download', id, signal);
    const { image, data } = this.#held(id);
    if (image.status !== 'active') throw failure('image.no-data', 'permanent', id);
    const sizeBytes = image.sizeBytes ?? 0;
    const from = this.readsRanges && wished < sizeBytes ? wished : 0;
    return { body: Readable.from(this.#pieces(id, data, from, sizeBytes)), from };
  }

  async update(id: string, change: ImageUpdate, signal?: AbortSignal): Promise<Image> {
    await this.#enter('update', id, signal);
    const held = this.#held(id);
    held.image = { ...held.image, ...change, updatedAt: this.now };
    this.after('update', id);
    return held.image;
  }

  async delete(id: string, signal?: AbortSignal): Promise<boolean> {
    await this.#enter('delete', id, signal);
    const existed = this.stored.delete(id);
    this.after('delete', id);
    return existed;
  }

  async listMembers(id: string, signal?: AbortSignal): Promise<readonly ImageMember[]> {
    await this.#enter('members', id, signal);
    const { image, members } = this.#held(id);
    if (image.visibility !== 'shared') throw failure('region.right-missing', 'permanent', id);
    return members;
  }

  async setMembers(
    id: string,
    wished: readonly ImageMember[],
    signal?: AbortSignal,
  ): Promise<readonly ImageMember[]> {
    await this.listMembers(id, signal);
    const held = this.#held(id);
    const statuses = new Map(held.members.map(({ memberId, status }) => [memberId, status]));
    held.members = wished.map(({ memberId, status }) => ({
      memberId,
      status: this.mayAccept ? status : (statuses.get(memberId) ?? 'pending'),
    }));
    return held.members;
  }

  *#pieces(id: string, data: Buffer, from: number, sizeBytes: number): Generator<Buffer> {
    const end = Math.min(data.length, this.cutDownloadAt ?? data.length);
    for (let at = from; at < end; at += 4096) {
      const piece = data.subarray(at, Math.min(at + 4096, end));
      this.bytesOut += piece.length;
      yield piece;
    }
    // Fewer bytes than the announced length: the HTTP client says that the connection was lost.
    if (end < sizeBytes) throw failure('region.connection-lost', 'transient', id);
  }

  async #enter(method: Method, id: string, signal?: AbortSignal): Promise<void> {
    await Promise.resolve();
    signal?.throwIfAborted();
    this.calls.push(`${method} ${id}`.trim());
    this.before(method, id);
  }

  #held(id: string): MemoryImage {
    const held = this.stored.get(id);
    if (held === undefined) throw failure('image.not-found', 'permanent', id);
    return held;
  }

  #hashed(data: Buffer): Partial<Image> {
    const hash = (algo: string): string => createHash(algo).update(data).digest('hex');
    return {
      status: 'active',
      sizeBytes: data.length,
      checksum: hash('md5'),
      hashAlgo: this.hashAlgo,
      hashValue: hash(this.hashAlgo),
    };
  }

  #newImage(wish: NewImage & { readonly id: string }): Image {
    return {
      hidden: false,
      protected: false,
      minDiskGib: 0,
      minRamMib: 0,
      tags: [],
      properties: {},
      ...wish,
      status: 'queued',
      owner: this.#projectId,
      sizeBytes: null,
      virtualSizeBytes: null,
      checksum: null,
      hashAlgo: null,
      hashValue: null,
      createdAt: this.now,
      updatedAt: this.now,
    };
  }
}

export function failure(
  code: string,
  kind: 'transient' | 'permanent',
  subject: string,
): FarshoreError {
  return new FarshoreError(code, { code, kind, operation: 'call memory image service', subject });
}
