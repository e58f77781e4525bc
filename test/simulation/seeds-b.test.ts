import { holdsInSeeds } from './seeds.ts';

holdsInSeeds(21, 40);
