import { containerRoundTripSuite } from '../../contract/rgw/container-round-trip.ts';
import { onRgw } from './environment.ts';

onRgw('secondary', containerRoundTripSuite);
