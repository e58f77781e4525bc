import { goesOnDespite } from './controllers.ts';
import { faults } from './scene/scene-controller.ts';

goesOnDespite(faults.slice(1));
