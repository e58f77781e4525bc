import { holdsInSeeds } from './seeds.ts';

holdsInSeeds(141, 220);
