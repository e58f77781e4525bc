import { imageMoverSuite } from '../contract/image-mover.ts';
import { onEmbedded } from './environment.ts';

onEmbedded(imageMoverSuite);
