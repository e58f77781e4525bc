import { goesOnDespite } from './controllers.ts';
import { faults } from './scene/scene-controller.ts';

// On a machine that may be busy with other things: within a client's patience.
goesOnDespite(faults.slice(0, 1), 10_000);
