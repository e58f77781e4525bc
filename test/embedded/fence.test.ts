import { fenceSuite } from '../contract/fence.ts';
import { onEmbedded } from './environment.ts';

onEmbedded(fenceSuite);
