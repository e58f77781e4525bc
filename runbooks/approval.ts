import { z } from 'zod';

/** Why somebody lets pass what Farshore would not: for the report, and for whoever asks in a year. */
export const approvalReason = z
  .string()
  .trim()
  .min(1, 'say why, in some words')
  .max(500)
  .describe('why, for the report and the audit');
