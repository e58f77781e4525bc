/**
 * One object from one Swift account to another, through this process, in constant memory.
 *
 * Killed in the middle: Swift keeps nothing of an upload that did not end (the length and the ETag
 * were announced), so the target has the old object or none. Answer lost: the object may be there;
 * sending it again writes the same bytes. Lying input: the ETag that the source announced goes along,
 * so the target refuses (422) bytes that were changed on the way or that the source no longer holds
 * as it says; a source that changed since it was listed is `transfer.source-changed`.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError, isTransient } from '../../kernel/errors.ts';
import type { Progress } from '../../kernel/progress.ts';
import type {
  HeaderMap,
  ObjectDownload,
  ObjectInfo,
  ObjectStore,
  ReadOptions,
  Written,
} from '../../regions/object-store/types.ts';
import { tapped } from './tapped.ts';

export interface RelayOrder {
  readonly from: {
    readonly store: ObjectStore;
    readonly container: string;
    readonly object: string;
    /** `versionId`, `manifest`, `symlink`, …: which form of it. */
    readonly read?: Omit<ReadOptions, 'signal' | 'range'>;
  };
  readonly to: {
    readonly store: ObjectStore;
    readonly container: string;
    readonly object: string;
    /** Headers of the new object, from those of the source; only its content-type unless given. */
    readonly headers?: (info: ObjectInfo) => HeaderMap;
    /** The body is an SLO's manifest. */
    readonly manifest?: boolean;
  };
  /** What the source's listing said: anything else is `transfer.source-changed`, and nothing is sent. */
  readonly expected?: { readonly etag: string; readonly bytes: number };
  /**
   * What the target must find as MD5. By default the source's ETag, which is one unless the object is
   * a large one fetched whole; null sends none.
   */
  readonly etag?: (info: ObjectInfo) => string | null;
  /** Hash the bytes as they pass. */
  readonly sha256?: boolean;
}

export interface Relayed {
  readonly info: ObjectInfo;
  readonly written: Written;
  /** Lower-case hexadecimal; present when it was asked for. */
  readonly sha256?: string;
}

export interface RelayDeps {
  readonly ambient: Ambient;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const attempts = 5;
const firstPauseMs = 500;
/** Up to this size a body is held and sent as one buffer, which the client can repeat by itself. */
const heldBytes = 256 * 1024;

/**
 * Resolves to null when the source has no such object. The whole object is tried again on a transient
 * failure of either side or a mismatch in the target, up to 5 times with backoff. Reports `moved` as
 * bytes flow and once `objects: 1`; bytes of a failed attempt are added to what is expected.
 */
export async function relayObject(order: RelayOrder, deps: RelayDeps): Promise<Relayed | null> {
  const { clock, random } = deps.ambient;
  for (let attempt = 1; ; attempt += 1) {
    const sent = { bytes: 0 };
    try {
      return await relayOnce(order, deps, sent);
    } catch (error) {
      deps.signal.throwIfAborted();
      if (attempt === attempts || !isWorthRepeating(error)) throw error;
      deps.progress.expect({ bytes: sent.bytes });
      const pauseMs = firstPauseMs * 2 ** (attempt - 1) * (0.5 + random.next());
      await clock.sleep(pauseMs, deps.signal);
    }
  }
}

function isWorthRepeating(error: unknown): boolean {
  const isDamagedOnTheWay =
    error instanceof FarshoreError && error.code === 'object-store.checksum-mismatch';
  return isTransient(error) || isDamagedOnTheWay;
}

async function relayOnce(
  order: RelayOrder,
  deps: RelayDeps,
  sent: { bytes: number },
): Promise<Relayed | null> {
  const { from, to } = order;
  const { signal, progress } = deps;
  const download = await from.store.get(from.container, from.object, { ...from.read, signal });
  if (download === null) return null;
  const { info } = download;
  refuseIfChanged(order, download);
  const hash = order.sha256 === true ? createHash('sha256') : undefined;
  const etag = order.etag === undefined ? plainEtag(info) : order.etag(info);
  const count = (bytes: number): void => {
    sent.bytes += bytes;
    progress.moved({ bytes });
  };
  const body = await meter(download, hash, count);
  const written = await to.store
    .put(to.container, to.object, body.content, {
      contentLength: info.bytes,
      headers: to.headers?.(info) ?? { 'content-type': info.contentType },
      ...(etag === null ? {} : { etag }),
      ...(to.manifest === true ? { manifest: true } : {}),
      signal,
    })
    // A body that breaks off fails the PUT too; the source's own error says why.
    .catch((error: unknown) => {
      download.body.destroy();
      throw body.sourceError() ?? error;
    });
  progress.moved({ objects: 1 });
  return hash === undefined ? { info, written } : { info, written, sha256: hash.digest('hex') };
}

function plainEtag(info: ObjectInfo): string | null {
  return info.isSlo || info.dloPrefix !== undefined ? null : info.etag;
}

function refuseIfChanged(order: RelayOrder, { info, body }: ObjectDownload): void {
  const { expected, from } = order;
  if (expected === undefined) return;
  if (expected.etag === info.etag && expected.bytes === info.bytes) return;
  body.destroy();
  throw new FarshoreError(
    `was listed with ETag ${expected.etag} and ${expected.bytes} bytes, is ${info.etag} and ${info.bytes} now`,
    {
      code: 'transfer.source-changed',
      kind: 'transient',
      operation: 'relay object',
      subject: `${from.container}/${from.object}`,
    },
  );
}

interface MeteredBody {
  readonly content: Readable | Buffer;
  readonly sourceError: () => Error | undefined;
}

async function meter(
  { info, body }: ObjectDownload,
  hash: Hash | undefined,
  count: (bytes: number) => void,
): Promise<MeteredBody> {
  if (info.bytes <= heldBytes) {
    const content = await buffer(body);
    hash?.update(content);
    count(content.length);
    return { content, sourceError: () => undefined };
  }
  let sourceError: Error | undefined;
  body.once('error', (error) => (sourceError ??= error));
  const content = tapped(body, (piece) => {
    hash?.update(piece);
    count(piece.length);
  });
  return { content, sourceError: () => sourceError };
}
