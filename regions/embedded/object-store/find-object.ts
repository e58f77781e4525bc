import type { ObjectRecord } from './records.ts';

/** What a request for an object led to, symlinks followed and a version chosen. */
export interface Found {
  readonly account: string;
  readonly container: string;
  /** As in the state: a version's is a versionName. */
  readonly name: string;
  readonly record: ObjectRecord;
  /** Headers that the way here adds to the answer. */
  readonly headers: Readonly<Record<string, string>>;
}
