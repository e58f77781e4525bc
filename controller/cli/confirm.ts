import { createInterface } from 'node:readline/promises';

import { FarshoreError } from '../../kernel/errors.ts';

/** Asks for the name of the thing to be typed. Where nobody can be asked it refuses. */
export async function confirm(name: string, consequence: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new FarshoreError('nobody can be asked here', {
      code: 'cli.not-confirmed',
      kind: 'permanent',
      operation: 'confirm',
      hint: 'give --yes',
    });
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`${consequence}\nType ${name} to go on: `);
  lines.close();
  if (answer.trim() === name) return;
  throw new FarshoreError('the answer was not the name: nothing was done', {
    code: 'cli.not-confirmed',
    kind: 'permanent',
    operation: 'confirm',
  });
}
