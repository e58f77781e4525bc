import type { HeaderMap } from '../../regions/object-store/types.ts';
import type { CatalogRef } from '../bank/bank.ts';
import type { Capture, Copy } from '../mover.ts';

export interface ContainerCapture extends Capture {
  readonly kind: 'container';
  /** Metadata and ACLs of the container at the cut. */
  readonly headers: HeaderMap;
  /** What cannot be carried of it, for the operator. */
  readonly notes: readonly string[];
  /** File name within the session's spool directory that holds the listing at the cut. */
  readonly spool: string;
  readonly objects: number;
  readonly bytes: number;
}

/** A container, or of one that objects of another refer to: what they refer to. */
export interface ContainerPart {
  /** Name in the source. */
  readonly container: string;
  readonly headers: HeaderMap;
  /** One row for each object at the cut, ordered by the UTF-8 bytes of its name, with its key in the bank. */
  readonly catalog: CatalogRef;
  /** Rows that refer to other objects. */
  readonly references: number;
  /** The catalog tells of every object of the container, and not only of those that others refer to. */
  readonly isWhole: boolean;
}

export interface ContainerCopy extends Copy, ContainerPart {
  readonly kind: 'container';
  readonly format: 2;
  /** What its objects refer to in other containers, whether those are members of the group themselves or not. */
  readonly segments: readonly ContainerPart[];
  /**
   * When the session began to write into the bank, by the bank's own clock, RFC 3339. Whatever is older
   * and named by no kept catalog belongs to no session that still runs.
   */
  readonly writtenSince: string;
  /** What a reader should know: objects that changed under way, or were left out, and why. */
  readonly notes: readonly string[];
}

/** The containers that the copy tells of: itself first. */
export function partsOf(copy: ContainerCopy): readonly ContainerPart[] {
  return [copy, ...copy.segments];
}
