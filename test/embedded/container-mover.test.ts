import { containerMoverSuite } from '../contract/container-mover.ts';
import { onEmbedded } from './environment.ts';

onEmbedded(containerMoverSuite);
