import { regionsSuite } from '../contract/regions.ts';
import { onLab } from './environment.ts';

onLab(regionsSuite);
