import { imageSuite } from '../contract/image.ts';
import { onEmbedded } from './environment.ts';

onEmbedded(imageSuite);
