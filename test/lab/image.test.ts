import { imageSuite } from '../contract/image.ts';
import { onLab } from './environment.ts';

onLab(imageSuite);
