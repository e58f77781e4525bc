import { holdsInSeeds } from './seeds.ts';

holdsInSeeds(221, 300);
