import type { Command } from 'commander';

import { ApiClient } from './api-client.ts';
import type { OutputFormat } from './output.ts';

interface GlobalOptions {
  readonly api: string;
  readonly output: OutputFormat;
  readonly config: string;
}

export function globalsOf(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

export function clientOf(command: Command): ApiClient {
  return new ApiClient(globalsOf(command).api);
}

/** Ends the command with exit status 1 without an error text: what was asked for is not true, and was said. */
export function answerNo(): void {
  process.exitCode = 1;
}
