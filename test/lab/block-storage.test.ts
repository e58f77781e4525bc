import { blockStorageSuite } from '../contract/block-storage.ts';
import { onLab } from './environment.ts';

onLab(blockStorageSuite);
