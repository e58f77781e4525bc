import { regionsSuite } from '../contract/regions.ts';
import { onEmbedded } from './environment.ts';

onEmbedded(regionsSuite, 'stretched');
