import { imageMoverSuite } from '../../contract/image-mover.ts';
import { onRgw } from './environment.ts';

for (const role of ['secondary', 'primary'] as const) onRgw(role, imageMoverSuite);
