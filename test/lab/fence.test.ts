import { fenceSuite } from '../contract/fence.ts';
import { onLab } from './environment.ts';

onLab(fenceSuite);
