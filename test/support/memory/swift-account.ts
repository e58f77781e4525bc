import type {
  HeaderMap,
  ObjectInfo,
  ReadOptions,
  Written,
} from '../../../regions/object-store/types.ts';
import { refusal } from './refusal.ts';
import { infoOf, kept, segmentsOf, setDeleteAt, splitPath } from './swift-answers.ts';
import { md5, slice, sloEtag, type Segment } from './swift-large.ts';
import {
  plainRows,
  swiftTime,
  swiftTimestamp,
  type Link,
  type Stored,
  type StoredContainer,
} from './swift-state.ts';

/** What one account holds, and how writing and reading change and follow it. */
export class SwiftAccount {
  readonly name: string;
  readonly containers = new Map<string, StoredContainer>();
  readonly #nowSeconds: () => number;
  #nowUs: number;

  constructor(name: string, startUs: number, nowSeconds?: () => number) {
    this.name = name;
    this.#nowUs = startUs;
    this.#nowSeconds = nowSeconds ?? (() => Math.floor(this.#nowUs / 1e6));
  }

  container(name: string): StoredContainer {
    const container = this.containers.get(name);
    if (container === undefined) throw refusal(404, 'GET', name);
    return container;
  }

  bytesOf(name: string): number {
    return plainRows(this.name, name, this.container(name)).reduce((n, row) => n + row.bytes, 0);
  }

  tick(): number {
    this.#nowUs += 10;
    return this.#nowUs;
  }

  advance(seconds: number): void {
    this.#nowUs += seconds * 1e6;
  }

  applyToContainer(name: string, headers: HeaderMap): void {
    const container = this.container(name);
    for (const [header, value] of Object.entries(headers)) {
      if (header === 'x-versions-enabled') container.versioning = value === 'true';
      else if (value === '') Reflect.deleteProperty(container.headers, header);
      else container.headers[header] = value;
    }
  }

  live(container: string, object: string): Link | undefined {
    const link = this.containers.get(container)?.current.get(object);
    const isExpired = (link?.deleteAtSeconds ?? Infinity) <= this.#nowSeconds();
    return isExpired || link?.isDangling === true ? undefined : link;
  }

  #find(container: string, object: string, versionId?: string): Stored | undefined {
    if (versionId === undefined) return this.live(container, object)?.stored;
    const found = this.containers
      .get(container)
      ?.versions.get(object)
      ?.find((version) => version.id === versionId);
    return found?.isMarker === true ? undefined : found;
  }

  read(
    container: string,
    object: string,
    options: ReadOptions,
  ): { readonly info: ObjectInfo; readonly body: Buffer; readonly stored: Stored } | null {
    const stored = this.#find(container, object, options.versionId);
    if (stored === undefined) return null;
    if (stored.symlink !== undefined && options.symlink !== true) {
      const [target, name] = splitPath(stored.symlink.target);
      return this.read(target, name, options.manifest === true ? { manifest: true } : {});
    }
    const link = options.versionId === undefined ? this.live(container, object) : undefined;
    const isPlainLink = link !== undefined && stored.id === 'null';
    const deleteAt = isPlainLink ? link.deleteAtSeconds : undefined;
    const body = options.manifest === true ? stored.body : this.#whole(stored);
    return {
      stored,
      body,
      info: infoOf(stored, body, options.manifest === true, deleteAt),
    };
  }

  #whole(stored: Stored): Buffer {
    if (stored.slo !== undefined) return this.#join(segmentsOf(stored.body));
    const manifest = stored.headers['x-object-manifest'];
    if (manifest === undefined) return stored.body;
    const [container, prefix] = splitPath(decodeURIComponent(manifest));
    const found = this.containers.get(container);
    if (found === undefined) return Buffer.alloc(0);
    const rows = plainRows(this.name, container, found);
    const names = rows.map((row) => row.name).filter((name) => name.startsWith(prefix));
    return this.#join(names.map((name) => ({ path: `/${container}/${name}` })));
  }

  #join(segments: readonly Segment[]): Buffer {
    return Buffer.concat(
      segments.map((segment) => {
        if (segment.data !== undefined) return Buffer.from(segment.data, 'base64');
        const [container, object] = splitPath((segment.path ?? '').slice(1));
        const read = this.read(container, object, {});
        if (read === null) throw refusal(409, 'GET', segment.path ?? '');
        return slice(read.body, segment.range);
      }),
    );
  }

  checkedSlo(body: Buffer, where: string): Pick<Stored, 'body' | 'etag' | 'slo'> {
    const segments = segmentsOf(body).map((segment) => {
      if (segment.data !== undefined) return segment;
      const [container, object] = splitPath((segment.path ?? '').slice(1));
      const info = this.read(container, object, {})?.info;
      const isWrong =
        info === undefined ||
        (segment.etag !== undefined && segment.etag !== info.etag) ||
        (segment.size_bytes !== undefined && segment.size_bytes !== info.bytes);
      if (isWrong) throw refusal(400, 'PUT', where);
      return { ...segment, etag: info.etag, size_bytes: info.bytes };
    });
    const manifest = Buffer.from(JSON.stringify(segments));
    const slo = { etag: sloEtag(segments), bytes: this.#join(segments).length };
    return { body: manifest, etag: md5(manifest), slo };
  }

  store(
    container: string,
    object: string,
    made: Pick<Stored, 'body' | 'etag' | 'slo' | 'symlink'>,
    headers: HeaderMap,
  ): Written {
    const found = this.container(container);
    const isVersioning = found.versioning === true;
    if (Buffer.byteLength(object) > (isVersioning ? 1006 : 1024))
      throw refusal(400, 'PUT', `${container}/${object}`);
    const symlink = this.#symlinkOf(headers) ?? made.symlink;
    const modifiedUs = this.tick();
    const stored: Stored = {
      id: isVersioning ? swiftTimestamp(modifiedUs) : 'null',
      body: made.body,
      etag: made.etag,
      ...(made.slo === undefined ? {} : { slo: made.slo }),
      ...(symlink === undefined ? {} : { symlink }),
      contentType: headers['content-type'] ?? 'application/octet-stream',
      headers: kept(headers),
      modifiedUs,
    };
    if (isVersioning) this.keep(found, object, stored);
    const link: Link = { stored, modifiedUs };
    setDeleteAt(link, headers);
    found.current.set(object, link);
    return {
      etag: stored.slo?.etag ?? stored.etag,
      lastModified: swiftTime(modifiedUs),
      ...(isVersioning ? { versionId: stored.id } : {}),
    };
  }

  #symlinkOf(headers: HeaderMap): Stored['symlink'] {
    const target = headers['x-symlink-target'];
    if (target === undefined) return undefined;
    const etag = headers['x-symlink-target-etag'];
    const [container, object] = splitPath(decodeURIComponent(target));
    const info = etag === undefined ? undefined : this.read(container, object, {})?.info;
    if (info?.etag !== etag) throw refusal(409, 'PUT', target);
    return {
      target: decodeURIComponent(target),
      account: headers['x-symlink-target-account'] ?? this.name,
      ...(etag === undefined || info === undefined ? {} : { etag, bytes: info.bytes }),
    };
  }

  keep(container: StoredContainer, object: string, stored: Stored): void {
    const versions = container.versions.get(object) ?? [];
    container.versions.set(object, [stored, ...versions]);
  }

  marker(): Stored {
    const modifiedUs = this.tick();
    return {
      id: swiftTimestamp(modifiedUs),
      body: Buffer.alloc(0),
      etag: md5(''),
      isMarker: true,
      contentType: 'application/x-deleted;swift_versions_deleted=1',
      headers: {},
      modifiedUs,
    };
  }
}
