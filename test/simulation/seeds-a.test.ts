import { holdsInSeeds } from './seeds.ts';

holdsInSeeds(1, 20);
