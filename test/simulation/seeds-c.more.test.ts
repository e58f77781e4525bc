import { holdsInSeeds } from './seeds.ts';

holdsInSeeds(41, 140);
