import { shopInTwoRegions } from './scenario.ts';

shopInTwoRegions('separate', ['main']);
