import { objectStoreSuite } from '../contract/object-store.ts';
import { onEmbedded } from './environment.ts';

onEmbedded(objectStoreSuite);
