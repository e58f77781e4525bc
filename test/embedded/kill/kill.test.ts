import { keepsAllWhenKilled } from './kill.ts';

keepsAllWhenKilled(2);
