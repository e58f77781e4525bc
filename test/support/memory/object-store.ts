import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type {
  ContainerInfo,
  CopyOptions,
  HeaderMap,
  ListingRow,
  ListOptions,
  ObjectDownload,
  ObjectInfo,
  ObjectRef,
  ObjectStore,
  ReadOptions,
  WholeObject,
  WriteOptions,
  Written,
} from '../../../regions/object-store/types.ts';
import { refusal } from './refusal.ts';
import { deleteVersion, isWithin, kept, setDeleteAt } from './swift-answers.ts';
import { SwiftAccount } from './swift-account.ts';
import { md5 } from './swift-large.ts';
import {
  isVersioned,
  newContainer,
  plainRows,
  versionRows,
  type Stored,
  type StoredContainer,
} from './swift-state.ts';

export interface MemoryRequest {
  readonly method: 'LIST' | 'HEAD' | 'GET' | 'PUT' | 'POST' | 'COPY' | 'DELETE';
  readonly container: string;
  readonly object?: string;
  readonly versionId?: string;
  /** Of a LIST: every version was asked for. */
  readonly versions?: boolean;
}

export interface MemoryStoreOptions {
  readonly account?: string;
  readonly info?: Readonly<Record<string, unknown>>;
  /** Seconds since the epoch, against which X-Delete-At is held. */
  readonly nowSeconds?: () => number;
  /** Of the cluster's clock at the start. */
  readonly startUs?: number;
}

const pieceBytes = 256 * 1024;
const farFutureUs = 1_795_000_000_000_000;

/**
 * One Swift account in memory, by the contract and by what the real one was seen to do: versioning
 * (a name is a link to a version; X-Delete-At sits on the link alone; a deletion leaves a marker, even
 * of what is not there), SLO with checked segments, DLO, symlinks, listings that lag. Every call is a
 * row of `requests` (a listing one for each page); `before` and `after` may throw, for a refusal and
 * for a lost answer. `stored` may be changed by a test to do damage.
 */
export class MemoryObjectStore implements ObjectStore {
  readonly account: string;
  readonly requests: MemoryRequest[] = [];
  bytesIn = 0;
  bytesOut = 0;
  /** A proxy in front of it may not. */
  readsRanges = true;
  before: ((request: MemoryRequest) => void | Promise<void>) | undefined;
  after: ((request: MemoryRequest) => void | Promise<void>) | undefined;
  readonly #info: Readonly<Record<string, unknown>>;
  readonly #state: SwiftAccount;

  constructor(options: MemoryStoreOptions = {}) {
    this.account = options.account ?? 'AUTH_memory';
    this.#info = options.info ?? {
      object_versioning: {},
      slo: { max_manifest_segments: 1000 },
      symlink: {},
      swift: { max_object_name_length: 1024, max_container_name_length: 256 },
    };
    this.#state = new SwiftAccount(
      this.account,
      options.startUs ?? farFutureUs,
      options.nowSeconds,
    );
  }

  /** For a test to look at, and to do damage. */
  get stored(): Map<string, StoredContainer> {
    return this.#state.containers;
  }

  count(method: MemoryRequest['method'], container?: string): number {
    return this.requests.filter(
      (r) => r.method === method && (container === undefined || r.container === container),
    ).length;
  }

  forget(): void {
    this.requests.length = 0;
    this.bytesIn = 0;
    this.bytesOut = 0;
  }

  /** From now on listings show what they show now, until `settle`. */
  lag(): void {
    for (const [name, container] of this.#state.containers)
      container.frozen = {
        plain: plainRows(this.account, name, container),
        versions: versionRows(container),
      };
  }

  /** The cluster's clock, which its times of writing follow, goes on by so much. */
  advance(seconds: number): void {
    this.#state.advance(seconds);
  }

  settle(): void {
    for (const container of this.#state.containers.values()) delete container.frozen;
  }

  info(): Promise<Readonly<Record<string, unknown>>> {
    return Promise.resolve(this.#info);
  }

  async *listContainers(options: { readonly prefix?: string } = {}) {
    await this.#did({ method: 'LIST', container: '' });
    for (const name of [...this.#state.containers.keys()].sort()) {
      if (!name.startsWith(options.prefix ?? '')) continue;
      const { current } = this.#state.container(name);
      yield { name, objects: current.size, bytes: this.#state.bytesOf(name) };
    }
  }

  async headContainer(name: string): Promise<ContainerInfo | null> {
    await this.#did({ method: 'HEAD', container: name });
    const container = this.#state.containers.get(name);
    if (container === undefined) return null;
    return {
      name,
      objects: container.current.size,
      bytes: this.#state.bytesOf(name),
      versioning: container.versioning === true,
      headers: {
        ...container.headers,
        ...(isVersioned(container) ? { 'x-versions-enabled': String(container.versioning) } : {}),
      },
    };
  }

  async putContainer(name: string, headers: HeaderMap = {}): Promise<void> {
    await this.#does({ method: 'PUT', container: name }, () => {
      if (Buffer.byteLength(name) > (headers['x-versions-enabled'] === 'true' ? 246 : 256))
        throw refusal(headers['x-versions-enabled'] === 'true' ? 500 : 400, 'PUT', name);
      if (!this.#state.containers.has(name)) this.#state.containers.set(name, newContainer());
      this.#state.applyToContainer(name, headers);
    });
  }

  async postContainer(name: string, headers: HeaderMap): Promise<void> {
    await this.#does({ method: 'POST', container: name }, () => {
      this.#state.applyToContainer(name, headers);
    });
  }

  async deleteContainer(name: string): Promise<boolean> {
    return await this.#does({ method: 'DELETE', container: name }, () => {
      const container = this.#state.containers.get(name);
      if (container === undefined) return false;
      const kept = [...container.versions.values()].some((versions) => versions.length > 0);
      if (container.current.size > 0 || kept)
        throw refusal(409, 'DELETE', name, 'object-store.container-not-empty');
      return this.#state.containers.delete(name);
    });
  }

  async *list(name: string, options: ListOptions = {}): AsyncGenerator<ListingRow> {
    const pageSize = options.pageSize ?? 10_000;
    const versions = options.versions === true;
    let marker: { readonly name: string; readonly versionId?: string } | undefined =
      options.marker === undefined ? undefined : { name: options.marker };
    for (;;) {
      options.signal?.throwIfAborted();
      await this.#did({ method: 'LIST', container: name, ...(versions ? { versions } : {}) });
      const container = this.#state.container(name);
      const all = versions
        ? (container.frozen?.versions ?? versionRows(container))
        : (container.frozen?.plain ?? plainRows(this.account, name, container));
      const page = all.filter((row) => isWithin(row, marker, options)).slice(0, pageSize);
      yield* page;
      if (page.length < pageSize) return;
      const last = page.at(-1)!;
      marker = {
        name: last.name,
        ...(last.versionId === undefined ? {} : { versionId: last.versionId }),
      };
    }
  }

  async getWhole(
    container: string,
    object: string,
    { mostBytes, ...options }: ReadOptions & { readonly mostBytes: number },
  ): Promise<WholeObject | 'larger' | null> {
    const found = await this.get(container, object, options);
    if (found === null) return null;
    const content = await buffer(found.body);
    return content.length > mostBytes ? 'larger' : { info: found.info, content };
  }

  async head(
    container: string,
    object: string,
    options: ReadOptions = {},
  ): Promise<ObjectInfo | null> {
    const { versionId } = options;
    await this.#did({
      method: 'HEAD',
      container,
      object,
      ...(versionId === undefined ? {} : { versionId }),
    });
    return this.#state.read(container, object, options)?.info ?? null;
  }

  async get(
    container: string,
    object: string,
    options: ReadOptions = {},
  ): Promise<ObjectDownload | null> {
    const { versionId } = options;
    await this.#did({
      method: 'GET',
      container,
      object,
      ...(versionId === undefined ? {} : { versionId }),
    });
    const read = this.#state.read(container, object, options);
    if (read === null) return null;
    if (options.ifMatch !== undefined && options.ifMatch !== read.info.etag)
      throw refusal(412, 'GET', `${container}/${object}`);
    const { range } = options;
    if (range === undefined || !this.readsRanges) return this.#download(read.info, read.body);
    const { length } = read.body;
    if (range.first >= length) throw refusal(416, 'GET', `${container}/${object}`);
    const last = Math.min(range.last ?? length, length - 1);
    const contentRange = `bytes ${range.first}-${last}/${length}`;
    const info = { ...read.info, headers: { ...read.info.headers, 'content-range': contentRange } };
    return this.#download(info, read.body.subarray(range.first, last + 1));
  }

  #download(info: ObjectInfo, body: Buffer): ObjectDownload {
    this.bytesOut += body.length;
    return { info, body: Readable.from(pieces(body)) };
  }

  async put(
    container: string,
    object: string,
    body: Readable | Buffer | string,
    options: WriteOptions,
  ): Promise<Written> {
    options.signal?.throwIfAborted();
    const whole = body instanceof Readable ? await drained(body) : Buffer.from(body);
    return await this.#does({ method: 'PUT', container, object }, () => {
      const where = `${container}/${object}`;
      this.#refuseIfThere(container, object, options.headers, 412);
      if (whole.length !== options.contentLength) throw refusal(499, 'PUT', where);
      const made: Pick<Stored, 'body' | 'etag' | 'slo'> =
        options.manifest === true
          ? this.#state.checkedSlo(whole, where)
          : { body: whole, etag: md5(whole) };
      const etag = made.slo?.etag ?? made.etag;
      if (options.etag !== undefined && options.etag !== etag)
        throw refusal(422, 'PUT', where, 'object-store.checksum-mismatch');
      this.bytesIn += whole.length;
      return this.#state.store(container, object, made, options.headers ?? {});
    });
  }

  async post(container: string, object: string, headers: HeaderMap): Promise<boolean> {
    return await this.#does({ method: 'POST', container, object }, () => {
      const link = this.#state.live(container, object);
      if (link === undefined) return false;
      const { stored } = link;
      const manifest = stored.headers['x-object-manifest'];
      stored.headers = {
        ...kept(headers),
        ...(manifest === undefined ? {} : { 'x-object-manifest': manifest }),
      };
      stored.contentType = headers['content-type'] ?? stored.contentType;
      stored.modifiedUs = this.#state.tick();
      link.modifiedUs = stored.modifiedUs;
      setDeleteAt(link, headers);
      return true;
    });
  }

  async copy(from: ObjectRef, to: ObjectRef, options: CopyOptions = {}): Promise<Written | null> {
    return await this.#does({ method: 'COPY', container: to.container, object: to.object }, () => {
      const read = this.#state.read(from.container, from.object, {
        ...(from.versionId === undefined ? {} : { versionId: from.versionId }),
        ...(options.symlink === true ? { symlink: true } : {}),
        ...(options.manifest === true ? { manifest: true } : {}),
      });
      if (read === null) return null;
      this.#refuseIfThere(to.container, to.object, options.headers, 304);
      const { stored } = read;
      const extra = options.headers ?? {};
      const isFresh = extra['x-fresh-metadata'] === 'true';
      const { 'x-object-manifest': manifest, ...own } = stored.headers;
      const isWhole = options.manifest !== true && read.body !== stored.body;
      const made = isWhole ? { body: read.body, etag: md5(read.body) } : stored;
      return this.#state.store(to.container, to.object, made, {
        'content-type': stored.contentType,
        ...(isFresh ? {} : own),
        ...extra,
        ...(manifest === undefined || isWhole ? {} : { 'x-object-manifest': manifest }),
      });
    });
  }

  async restoreVersion(container: string, object: string, versionId: string): Promise<boolean> {
    return await this.#does({ method: 'PUT', container, object, versionId }, () => {
      const found = this.#state.container(container);
      const stored = found.versions.get(object)?.find((version) => version.id === versionId);
      if (stored === undefined || stored.isMarker === true) return false;
      found.current.set(object, {
        stored,
        modifiedUs: this.#state.tick(),
        ...(stored.slo === undefined ? {} : { isSloForgotten: true }),
      });
      return true;
    });
  }

  async delete(
    container: string,
    object: string,
    options: { readonly versionId?: string } = {},
  ): Promise<boolean> {
    const { versionId } = options;
    const request = { method: 'DELETE', container, object } as const;
    return await this.#does(versionId === undefined ? request : { ...request, versionId }, () => {
      const found = this.#state.container(container);
      if (versionId !== undefined) return deleteVersion(found, object, versionId);
      if (found.versioning === true) this.#state.keep(found, object, this.#state.marker());
      return found.current.delete(object);
    });
  }

  /** `If-None-Match: *`; of a copy the real one says 304. */
  #refuseIfThere(
    container: string,
    object: string,
    headers: HeaderMap | undefined,
    status: number,
  ): void {
    if (headers?.['if-none-match'] !== '*') return;
    if (this.#state.live(container, object) !== undefined)
      throw refusal(status, 'PUT', `${container}/${object}`);
  }

  async #did(request: MemoryRequest): Promise<void> {
    this.requests.push(request);
    await this.before?.(request);
  }

  async #does<T>(request: MemoryRequest, act: () => T): Promise<T> {
    await this.#did(request);
    const result = act();
    await this.after?.(request);
    return result;
  }
}

async function drained(body: Readable): Promise<Buffer> {
  try {
    return await buffer(body);
  } catch (error) {
    throw refusal(undefined, 'PUT', 'body', 'region.unreachable', error);
  }
}

/** As they come over a connection. */
function* pieces(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += pieceBytes) yield body.subarray(at, at + pieceBytes);
}
