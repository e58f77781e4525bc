import { copyOf } from '../../support/memory/copies.ts';

export const sampleCopy = copyOf(
  { kind: 'container', id: 'r1', name: 'r' },
  'x',
  '2026-11-21T08:00:00Z',
);
