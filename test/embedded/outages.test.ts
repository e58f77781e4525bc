import { outagesSuite } from '../contract/outages.ts';
import { onEmbedded } from './environment.ts';

onEmbedded(outagesSuite);
