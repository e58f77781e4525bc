import { findsWithin } from './finds.ts';
import { absenceIsIntent, oneTakesAllAlong } from './planted-members.ts';

findsWithin(150, [
  ['one member that takes the others along', oneTakesAllAlong, ['liveness']],
  ['absence that is taken for intent', absenceIsIntent, ['last-copy-kept']],
]);
