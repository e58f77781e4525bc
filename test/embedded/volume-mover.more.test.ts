import { volumeMoverSuite } from '../contract/volume-mover.ts';
import { onEmbedded } from './environment.ts';

onEmbedded(volumeMoverSuite);
