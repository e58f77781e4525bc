import { withstands } from './fuzz.ts';

withstands(200);
