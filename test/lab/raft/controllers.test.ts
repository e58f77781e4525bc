import { goesOnDespite } from './controllers.ts';
import { faults } from './scene/scene-controller.ts';

// What is right for an idle machine.
goesOnDespite(faults.slice(1), 3_000);
