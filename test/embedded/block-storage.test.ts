import { blockStorageSuite } from '../contract/block-storage.ts';
import { onEmbedded } from './environment.ts';

onEmbedded(blockStorageSuite);
