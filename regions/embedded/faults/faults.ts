/** The services of an embedded region, by the names that faults and the control endpoint use. */
export type ServiceName = 'identity' | 'object-store' | 'image' | 'block-storage';

/** What is wrong with a region as a whole; each may be changed at any time. */
export interface Conditions {
  /** `refused`: nothing listens; `hanging`: connections are taken, and answered when it is over. */
  readonly down: 'no' | 'refused' | 'hanging';
  /** Added before each answer. */
  readonly latencyMs: number;
  /** Of each body, in either direction; null: as fast as it goes. */
  readonly bytesPerSecond: number | null;
  /** How long a container's listing stays behind its objects. */
  readonly listingLagMs: number;
  /** Whatever would write a byte of data finds the disk full. */
  readonly isDiskFull: boolean;
  /**
   * Of cinder-backup: `down`, and the list of services says so; `stalled`: it is said to be up, and does
   * nothing. Its work waits where it stands until it is `up` again.
   */
  readonly backupService: 'up' | 'stalled' | 'down';
  /**
   * What volumes lie on: `file`, as with the NFS driver, where a backup hangs while the volume has
   * another snapshot and a restore empties the volume first; `block`, as with Ceph RBD.
   */
  readonly volumeStorage: 'file' | 'block';
  /** Added to the region's clock. */
  readonly clockSkewMs: number;
  /** Of the tokens that are issued from now on. */
  readonly tokenLifetimeSeconds: number;
}

export const healthy: Conditions = Object.freeze({
  down: 'no',
  latencyMs: 0,
  bytesPerSecond: null,
  listingLagMs: 0,
  isDiskFull: false,
  backupService: 'up',
  volumeStorage: 'file',
  clockSkewMs: 0,
  tokenLifetimeSeconds: 3_600,
});

/** Spoils some requests; the first that matches is used, and used up after `times`. */
export interface RequestFault {
  readonly service?: ServiceName;
  readonly method?: string;
  /** A regular expression on the path as the client sent it. */
  readonly path?: string;
  /** Answered instead of the service, which never sees the request. */
  readonly status?: number;
  readonly retryAfterSeconds?: number;
  /** The service answers, and its body ends after so many bytes with the connection. */
  readonly cutAfterBytes?: number;
  /**
   * The service gets it so much later, whole, though its client may have gone meanwhile: as from an
   * overloaded proxy or load balancer.
   */
  readonly heldMs?: number;
  /** Null: until it is taken away. */
  readonly times: number | null;
}

/** The faults that are on in one region. */
export class Faults {
  #conditions: Conditions = healthy;
  #requestFaults: RequestFault[] = [];
  readonly #listeners = new Set<() => void>();

  get conditions(): Conditions {
    return this.#conditions;
  }

  set(change: Partial<Conditions>): void {
    this.#conditions = Object.freeze({ ...this.#conditions, ...change });
    this.#tell();
  }

  /** Called after each change of the conditions; the result ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits until the conditions are so; rejects with the signal's reason when it aborts first. */
  until(isSo: (conditions: Conditions) => boolean, signal: AbortSignal): Promise<void> {
    if (isSo(this.#conditions)) return Promise.resolve();
    return new Promise((done, fail) => {
      const stop = this.onChange(() => {
        if (isSo(this.#conditions)) end(done);
      });
      const abort = () => end(() => fail(signal.reason as Error));
      const end = (then: () => void) => {
        stop();
        signal.removeEventListener('abort', abort);
        then();
      };
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
    });
  }

  get requestFaults(): readonly RequestFault[] {
    return this.#requestFaults;
  }

  add(fault: RequestFault): void {
    this.#requestFaults.push(fault);
  }

  /** The fault for this request, one use of it gone. */
  take(service: ServiceName, method: string, path: string): RequestFault | undefined {
    const at = this.#requestFaults.findIndex(
      (fault) =>
        (fault.service ?? service) === service &&
        (fault.method ?? method) === method &&
        (fault.path === undefined || new RegExp(fault.path).test(path)),
    );
    const fault = this.#requestFaults[at];
    if (fault === undefined || fault.times === null) return fault;
    if (fault.times > 1) this.#requestFaults[at] = { ...fault, times: fault.times - 1 };
    else this.#requestFaults.splice(at, 1);
    return fault;
  }

  clearRequestFaults(): void {
    this.#requestFaults = [];
  }

  /** As on the first day. */
  heal(): void {
    this.clearRequestFaults();
    this.set(healthy);
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
