import { runbooksSuite } from '../contract/runbooks.ts';
import { onEmbedded } from './environment.ts';

onEmbedded(runbooksSuite);
