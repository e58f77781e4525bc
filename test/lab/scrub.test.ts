import { scrubSuite } from '../contract/scrub.ts';
import { onLab } from './environment.ts';

onLab(scrubSuite);
