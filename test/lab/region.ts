import { RegionContainer } from './region-container.ts';

export class Region extends RegionContainer {}
