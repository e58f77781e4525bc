import { findsWithin } from './finds.ts';
import { blindChecks, damageToldOnce } from './planted-damage.ts';

findsWithin(40, [
  ['damage that is told of one point alone', damageToldOnce, ['known-damage']],
  ['checks that find nothing', blindChecks, ['succeeded-is-true']],
]);
