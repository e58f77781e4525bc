import { containerMoverSuite } from '../contract/container-mover.ts';
import { imageMoverSuite } from '../contract/image-mover.ts';
import { onEmbedded } from './environment.ts';

// What one Keystone and one Swift over both regions make different.
for (const suite of [imageMoverSuite, containerMoverSuite]) onEmbedded(suite, 'stretched');
