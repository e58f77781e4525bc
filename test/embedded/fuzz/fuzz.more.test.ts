import { withstands } from './fuzz.ts';

withstands(1_000);
