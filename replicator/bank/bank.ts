import type { Documents } from './documents.ts';
import type { Signature } from './identity.ts';
import type { BankOwner } from './owner.ts';
import type { ObjectStore } from '../../regions/object-store/types.ts';

/** A catalog in the bank: gzip of JSON lines, named by the SHA-256 of its stored bytes, so equal content is one object. */
export interface CatalogRef {
  readonly object: string;
  readonly sha256: string;
  readonly rows: number;
  /** Stored bytes. */
  readonly bytes: number;
}

/** A catalog that was read and proven once, held locally until it is let go. */
export interface HeldCatalog extends AsyncDisposable {
  /** From the first row, as often as wanted, also side by side. */
  rows(): AsyncIterable<unknown>;
}

/**
 * The account and container in the secondary's Swift where manifests and catalogs lie:
 * `<group>/points/<point>.json` and `<group>/catalogs/<sha256>.jsonl.gz`.
 */
export interface Bank {
  readonly store: ObjectStore;
  readonly container: string;
  /** On whose behalf this process uses it: whatever is made for it bears this. */
  readonly installation: string;
  /**
   * Installations that the bank was taken from by order: what they made for its groups is this one's now.
   * As the last `requireOwned` had it; none before, when nothing of theirs is touched.
   */
  readonly former: readonly string[];
  readonly documents: Documents;
  /**
   * Throws `bank.other-owner` unless it is this installation's; an empty bank becomes it. Asked before
   * a session ships and before anything is deleted: one request. Not asked before restoring: what is
   * whole is recovered, whoever owns it.
   */
  requireOwned(signal: AbortSignal): Promise<BankOwner>;
  /** By this installation's key, whose public part is in the bank then. */
  sign(bytes: Buffer): Promise<Signature>;
  /** Streams rows through a local spool file into the bank; nothing is sent when it is there already. */
  writeCatalog(
    group: string,
    rows: AsyncIterable<unknown>,
    signal?: AbortSignal,
  ): Promise<CatalogRef>;
  /**
   * Streams the rows back. Throws `bank.catalog-missing` or, before the first row that would be
   * wrong is trusted to the end, `bank.catalog-altered` when the hash is not the reference's:
   * a caller that acts on rows must not finish its act before the iteration ended without error.
   */
  readCatalog(ref: CatalogRef, signal?: AbortSignal): AsyncIterable<unknown>;
  /** For who reads it more than once; throws as `readCatalog` does, and nothing later. */
  openCatalog(ref: CatalogRef, signal?: AbortSignal): Promise<HeldCatalog>;
  /** Deletes those of the group's catalogs that `kept` does not name; only as the owner. */
  sweepCatalogs(group: string, kept: ReadonlySet<string>, signal?: AbortSignal): Promise<number>;
  /** Bytes exactly as given, with their MD5 as ETag; only as the owner. */
  writeManifest(
    group: string,
    point: string,
    body: Buffer,
    signal?: AbortSignal,
  ): Promise<{ readonly object: string; readonly sha256: string }>;
  /** Null when there is none. */
  readManifest(group: string, point: string, signal?: AbortSignal): Promise<Buffer | null>;
  /** Only as the owner. */
  deleteManifest(group: string, point: string, signal?: AbortSignal): Promise<boolean>;
}
