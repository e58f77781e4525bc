/** What one copy of a container took. */
export interface Figures {
  readonly seconds: number;
  /** User and system time of the client, all its threads. */
  readonly cpuSeconds: number;
  readonly peakMiB: number;
}

/** Who copies a container of east to west, and proves that it arrived. */
export interface Contender {
  readonly name: string;
  /** West is empty. Returns when all is there and checked. */
  first(container: string): Promise<Figures>;
  /** The same again, where all is there already: hashes are compared. */
  again(container: string): Promise<Figures>;
  close(): Promise<void>;
}

/** A new one each time: nothing that it remembers from an earlier run helps it. */
export interface Entry {
  readonly name: string;
  open(directory: string): Promise<Contender>;
}
