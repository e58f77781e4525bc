import { containerMoverSuite } from '../contract/container-mover.ts';
import { onLab } from './environment.ts';

onLab(containerMoverSuite);
