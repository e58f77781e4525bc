import { acceptUnfencedStep } from './accept-unfenced.ts';
import { check } from './check.ts';
import { choosePoint } from './choose-point.ts';
import { cleanup } from './cleanup.ts';
import { fencePrimary } from './fence-primary.ts';
import { inventory } from './inventory.ts';
import { raiseGeneration } from './raise-generation.ts';
import { record } from './record.ts';
import { restore } from './restore.ts';
import type { Step } from './step.ts';

export const builtinSteps: readonly Step[] = Object.freeze([
  raiseGeneration,
  fencePrimary,
  acceptUnfencedStep,
  choosePoint,
  restore,
  check,
  cleanup,
  inventory,
  record,
]);
