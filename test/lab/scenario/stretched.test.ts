import { shopInTwoRegions } from './scenario.ts';

shopInTwoRegions('stretched', ['main', 'rest']);
