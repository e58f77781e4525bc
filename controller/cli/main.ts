import { readFileSync } from 'node:fs';

import { Command, CommanderError, Option } from 'commander';

import { describeError, FarshoreError } from '../../kernel/errors.ts';
import { ProblemError } from './api-client.ts';
import { addAudit } from './commands/audit.ts';
import { addBank } from './commands/bank.ts';
import { addConfig } from './commands/config.ts';
import { addDemo } from './commands/demo.ts';
import { addExecution } from './commands/execution.ts';
import { addGroup } from './commands/group.ts';
import { addPoint } from './commands/point.ts';
import { addPolicy } from './commands/policy.ts';
import { addRaft } from './commands/raft.ts';
import { addRegion } from './commands/region.ts';
import { addRunbook } from './commands/runbook.ts';
import { addServe } from './commands/serve.ts';
import { addStatus } from './commands/status.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string };

function createProgram(): Command {
  const program = new Command('farshore')
    .description('Cross-region replication and disaster recovery for OpenStack')
    .version(version)
    .addOption(
      new Option(
        '--api <url>',
        'address of the controller; several, separated by commas, are tried in turn',
      )
        .env('FARSHORE_API')
        .default('http://127.0.0.1:8470'),
    )
    .addOption(
      new Option('-o, --output <format>', 'how to print')
        .choices(['table', 'json', 'yaml'])
        .default('table'),
    )
    .addOption(
      new Option('--config <file>', 'configuration of serve and config check')
        .env('FARSHORE_CONFIG')
        .default('farshore.yaml'),
    )
    .addOption(
      new Option(
        '--linearizable',
        'read what a majority of the sites has agreed on, or fail; not what this one knows',
      ),
    )
    .showSuggestionAfterError()
    .exitOverride();
  addServe(program, version);
  addConfig(program);
  addStatus(program);
  addPolicy(program);
  addGroup(program);
  addPoint(program);
  addBank(program);
  addRunbook(program);
  addExecution(program);
  addAudit(program);
  addRaft(program);
  addRegion(program);
  addDemo(program);
  return program;
}

/** Errors on stderr, one line, what, why and what to do; a stack only of a defect in Farshore itself. */
function report(error: unknown): void {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode;
    return;
  }
  process.exitCode = 1;
  if (error instanceof ProblemError) console.error(`farshore: ${error.message}`);
  else if (error instanceof FarshoreError) console.error(`farshore: ${describeError(error)}`);
  else console.error('farshore: a defect in Farshore:', error);
}

// The reader of a pipe went away (`farshore status | head`): it has what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

try {
  await createProgram().parseAsync();
} catch (error) {
  report(error);
}
