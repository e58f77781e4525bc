import type { Command } from 'commander';

import { ApiClient } from './api-client.ts';
import type { OutputFormat } from './output.ts';
import { clearLine } from './progress-line.ts';

interface GlobalOptions {
  readonly api: string;
  readonly output: OutputFormat;
  readonly config: string;
  readonly linearizable?: true;
}

export function globalsOf(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

export function clientOf(command: Command): ApiClient {
  const { api, linearizable = false } = globalsOf(command);
  const hearing = { onStale: sayStale, onSilence: saySilent };
  return new ApiClient(api, { isLinearizable: linearizable, ...hearing });
}

/** On stderr, so that what reads the answer is not disturbed. */
function sayStale(seconds: number): void {
  process.stderr.write(
    `farshore: this is ${seconds} s old: no majority of the controllers' sites answers\n`,
  );
}

function saySilent(url: string, seconds: number): void {
  clearLine();
  process.stderr.write(
    `farshore: no answer from ${url} for ${seconds} s; what was ordered is not lost; asking again\n`,
  );
}

/** Ends the command with exit status 1 without an error text: what was asked for is not true, and was said. */
export function answerNo(): void {
  process.exitCode = 1;
}
