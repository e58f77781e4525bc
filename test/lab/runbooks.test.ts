import { runbooksSuite } from '../contract/runbooks.ts';
import { onLab } from './environment.ts';

onLab(runbooksSuite);
