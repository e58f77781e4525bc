import { strangerMark } from '../stranger.ts';
import { must, type Invariant } from './types.ts';

/** What is one installation's, another neither writes, overwrites nor deletes, until somebody gives it away. */
export function strangers(): Invariant {
  return {
    onEffect({ process, operation, subject, region }) {
      must(
        'other-installation',
        !process.startsWith(strangerMark),
        () => `${process}: ${operation} ${subject} in ${region}`,
      );
    },
  };
}
