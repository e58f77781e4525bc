import { systemClock } from '../../../kernel/clock.ts';
import type { ProgressSnapshot } from '../../../replicator/session/meter.ts';
import type { Execution, StepRecord } from '../../../runbooks/execution/types.ts';
import type { ApiClient } from '../api-client.ts';
import { answerNo } from '../context.ts';
import { formatSeconds } from '../format.ts';
import { tellOnInterrupt } from '../interrupt.ts';
import { printData, type OutputFormat } from '../output.ts';
import { describeProgress, ProgressLine } from '../progress-line.ts';

const marks: Readonly<Record<StepRecord['state'], string>> = {
  pending: ' ',
  running: '…',
  waiting: '?',
  done: '✓',
  failed: '✗',
  skipped: '-',
  unchecked: '!',
};

const progressIntervalMs = 500;

/** Prints each step on stderr as it ends, with its notes; the progress of those under way on a terminal. */
export async function followExecution(
  client: ApiClient,
  id: string,
  format: OutputFormat,
): Promise<Execution> {
  const leave = tellOnInterrupt(
    `It goes on in the controller.\n  to follow it: farshore execution watch ${id}\n  to end it: farshore execution cancel ${id}`,
  );
  const line = new ProgressLine();
  const ended = new AbortController();
  const drawing = line.isShown ? drawProgress(client, id, line, ended.signal) : Promise.resolve();
  const told = new Set<string>();
  let latest: Execution | undefined;
  try {
    for await (const execution of client.watch(id)) {
      latest = execution;
      if (format !== 'table') continue;
      for (const step of execution.steps) tellOnce(execution.id, step, told, line);
    }
  } finally {
    ended.abort();
    await drawing;
    line.clear();
    leave();
  }
  return latest?.state === 'ended' ? latest : await ask(client, id);
}

/** The report, and exit status 1 unless everything was verified. */
export async function printOutcome(
  client: ApiClient,
  execution: Execution,
  format: OutputFormat,
): Promise<void> {
  if (format === 'table') {
    const text = await client.getText(`/executions/${execution.id}/report`, 'text/markdown');
    process.stdout.write(`\n${text.trimEnd()}\n`);
  } else {
    printData(format, await client.get(`/executions/${execution.id}/report`));
  }
  if (execution.result !== 'succeeded') answerNo();
}

function tellOnce(id: string, step: StepRecord, told: Set<string>, line: ProgressLine): void {
  const isTold = step.state === 'pending' || step.state === 'running';
  const key = `${step.id} ${step.state} ${step.attempts}`;
  if (isTold || told.has(key)) return;
  told.add(key);
  line.clear();
  const seconds = secondsOf(step);
  const error = step.error === undefined ? '' : `: ${step.error.message} (${step.error.code})`;
  process.stderr.write(`${marks[step.state]} ${step.title}${seconds}${error}\n`);
  for (const note of step.notes) process.stderr.write(`    ${note}\n`);
  if (step.state !== 'waiting' || step.gate === undefined) return;
  const reason = step.approvalNeedsReason === true ? ' --reason "…"' : '';
  process.stderr.write(
    `    it waits: ${step.gate}\n    to go on: farshore execution approve ${id} ${step.id}${reason}\n    to end it: farshore execution cancel ${id}\n`,
  );
}

function secondsOf({ startedAt, endedAt }: StepRecord): string {
  if (startedAt === undefined || endedAt === undefined) return '';
  return ` (${formatSeconds((Date.parse(endedAt) - Date.parse(startedAt)) / 1000)})`;
}

async function ask(client: ApiClient, id: string): Promise<Execution> {
  return (await client.get<{ execution: Execution }>(`/executions/${id}`)).execution;
}

async function drawProgress(
  client: ApiClient,
  id: string,
  line: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const shown = await client.get<Shown>(`/executions/${id}`).catch(toldElsewhere);
    const parts = shown === null ? [] : partsOf(shown);
    if (parts.length > 0) line.draw(`${marks.running} ${parts.join(' | ')}`);
    await systemClock.sleep(progressIntervalMs, signal).catch(ignoreAbort);
  }
}

interface Shown {
  readonly execution: Execution;
  readonly progress: Readonly<Record<string, ProgressSnapshot>>;
}

function partsOf({ execution, progress }: Shown): readonly string[] {
  const running = execution.steps.filter((step) => step.state === 'running');
  return running.map((step) => {
    const snapshot = progress[step.id];
    const moved = snapshot === undefined ? '' : ` ${describeProgress(snapshot)}`;
    return `${step.title}${moved}`;
  });
}

/** Whoever follows the states meets the same, and says so; this only draws. */
function toldElsewhere(): null {
  return null;
}

/** The only rejection of a sleep is its signal's. */
function ignoreAbort(): void {
  return undefined;
}
