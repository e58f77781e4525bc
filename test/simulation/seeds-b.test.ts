import { holdsInSeeds } from './seeds.ts';

holdsInSeeds(31, 60);
