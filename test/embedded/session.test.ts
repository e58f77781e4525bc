import { sessionSuite } from '../contract/session.ts';
import { onEmbedded } from './environment.ts';

onEmbedded(sessionSuite);
