import type { HeaderMap } from '../../regions/object-store/types.ts';
import type { CatalogRef } from '../bank/bank.ts';
import type { Capture, Copy } from '../mover.ts';

export interface ContainerCapture extends Capture {
  readonly kind: 'container';
  /** Metadata and ACLs of the container at the cut. */
  readonly headers: HeaderMap;
  /** File name within the session's spool directory that holds the listing at the cut. */
  readonly spool: string;
  readonly objects: number;
  readonly bytes: number;
}

export interface MirrorCopy {
  /** Name in the source. */
  readonly container: string;
  readonly headers: HeaderMap;
  /** Where the versions lie: the same name in the secondary, another one where both regions share one Swift. */
  readonly mirror: string;
  /** One row for each object of the container at the cut, ordered by the UTF-8 bytes of its name, with its version in the mirror. */
  readonly catalog: CatalogRef;
}

export interface ContainerCopy extends Copy, MirrorCopy {
  readonly kind: 'container';
  readonly format: 1;
  /** Containers that hold segments of this one's large objects, whether members of the group themselves or not. */
  readonly segments: readonly MirrorCopy[];
  /** What a reader should know: objects that changed under way, or were left out, and why. */
  readonly notes: readonly string[];
}
