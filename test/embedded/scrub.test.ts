import { scrubSuite } from '../contract/scrub.ts';
import { onEmbedded } from './environment.ts';

onEmbedded(scrubSuite);
