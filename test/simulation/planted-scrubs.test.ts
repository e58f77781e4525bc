import { findsWithin } from './finds.ts';
import { silentScrub, skippingScrub } from './planted-scrubs.ts';

findsWithin(40, [
  ['a scrub that keeps to itself what it finds', silentScrub, ['scrub-finds', 'known-damage']],
  ['a scrub that leaves out a copy', skippingScrub, ['scrub-finds', 'known-damage']],
]);
