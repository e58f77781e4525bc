import type { Readable } from 'node:stream';
import type { ServiceDeps } from '../service-deps.ts';
import type { Requester } from '../identity/authority.ts';
import type { Body } from './body.ts';
import type { HeaderMap } from './records.ts';
import type { State } from './state.ts';

/** What every part of the service works with. */
export interface Core {
  readonly state: State;
  readonly deps: ServiceDeps;
  readonly flavour: Flavour;
}

/** Swift, or Ceph's gateway with Swift's interface. */
export type Flavour = 'swift' | 'rgw';

/** On whose word a request is carried out; see acl.ts for what each may. */
export type Access =
  | { readonly kind: 'requester'; readonly requester: Requester | undefined }
  | {
      readonly kind: 'temp-url';
      readonly account: string;
      /** Null: all of the account's, for its own key signed it. */
      readonly container: string | null;
    }
  /** A step of another request that was already allowed. */
  | { readonly kind: 'trusted' };

/** A request below `/v1`, its path decoded. One made from another is `{ ...request, … }`. */
export interface Request {
  readonly method: string;
  readonly account: string;
  /** Empty in a request of the account. */
  readonly container: string;
  /** Empty in a request of the container. */
  readonly object: string;
  readonly query: URLSearchParams;
  readonly headers: HeaderMap;
  readonly body: Readable;
  /** `http://host:port`, as the client wrote it. */
  readonly origin: string;
  readonly signal: AbortSignal;
  /** The client's address; undefined in a request of the region's own. */
  readonly peer?: string;
  readonly access: Access;
  /** A copy that does not carry the source's X-Delete-At along. */
  readonly leavesExpiry?: true;
}

/** Swift's idea of a true value. */
export function isTrue(value: string | undefined | null): boolean {
  return ['true', '1', 'yes', 'on', 't', 'y'].includes((value ?? '').toLowerCase());
}

/** What an object has to say: its own bytes, or those of the segments of a large one. */
export interface Content {
  readonly bytes: number;
  /** As the header shows it: a large object's has quotes. */
  readonly etag: string;
  /** A request for several ranges gets all of it. */
  readonly isOneRange?: true;
  /** More than the record's headers, or instead of them. */
  readonly headers?: HeaderMap;
  /**
   * The bytes from `first` to `last`, both included. Throws a Refusal while an answer can still be
   * one: what it opens is there.
   */
  open(first: number, last: number): Promise<Body>;
}
