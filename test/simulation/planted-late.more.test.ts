import { findsWithin } from './finds.ts';
import { unconditionalRestore } from './planted-late.ts';

findsWithin(150, [
  ['a restore that writes over what is there by then', unconditionalRestore, ['late-harms-nobody']],
]);
