import { volumeMoverSuite } from '../../contract/volume-mover.ts';
import { onRgw } from './environment.ts';

for (const role of ['secondary', 'primary'] as const) onRgw(role, volumeMoverSuite);
