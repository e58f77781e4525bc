import { imageMoverSuite } from '../contract/image-mover.ts';
import { onLab } from './environment.ts';

onLab(imageMoverSuite);
