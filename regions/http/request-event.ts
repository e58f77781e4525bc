/** One attempt of one request, reported when it ended; a retried call reports several. */
export interface RequestEvent {
  readonly region: string;
  /** Service type as Farshore calls it: `identity`, `object-store`, `block-storage`, `image`. */
  readonly service: string;
  readonly method: string;
  /** Below the endpoint, percent-encoded, without the query. */
  readonly path: string;
  /** Absent when no answer came. */
  readonly status?: number;
  /** Bytes of bodies received and sent, headers not counted. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
}

/** Called for every attempt: metrics, and tests that count requests. Must not throw. */
export type OnRequest = (event: RequestEvent) => void;
