import { containerRoundTripSuite } from '../../contract/container-round-trip.ts';
import { onRgw } from './environment.ts';

onRgw('secondary', containerRoundTripSuite);
