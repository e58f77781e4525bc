import { holdsInSeeds } from './seeds.ts';

holdsInSeeds(61, 140);
