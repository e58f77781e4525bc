import { outagesSuite } from '../contract/outages.ts';
import { onLab } from './environment.ts';

onLab(outagesSuite);
