import { sessionSuite } from '../contract/session.ts';
import { onLab } from './environment.ts';

onLab(sessionSuite);
