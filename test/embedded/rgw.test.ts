import { containerRoundTripSuite } from '../contract/rgw/container-round-trip.ts';
import { objectStoreSuite } from '../contract/object-store.ts';
import { onEmbeddedRgw } from './environment.ts';

/** What test/lab/rgw runs on the real one: its differences from Swift the embedded one must have. */
onEmbeddedRgw('east', objectStoreSuite);
onEmbeddedRgw('west', containerRoundTripSuite);
