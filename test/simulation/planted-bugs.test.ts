import { findsWithin } from './finds.ts';
import {
  missingLastObject,
  overstayingLease,
  skippedClaim,
  skippedGeneration,
  stepDoneTwice,
} from './planted-bugs.ts';
import { silentLack } from './planted-members.ts';

findsWithin(40, [
  ['a skipped comparison of the generation', skippedGeneration, ['stale-generation']],
  ['a skipped comparison of the claim', skippedClaim, ['stale-claim']],
  ['a point committed before its last object', missingLastObject, ['visible-point-whole']],
  ['a step done twice', stepDoneTwice, ['done-once', 'step-done-once']],
  ['a lease that overstays', overstayingLease, ['single-leader', 'single-holder']],
  ['a point that does not say what it lacks', silentLack, ['partial-says-so', 'point-names-all']],
]);
