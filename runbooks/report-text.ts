import type { ExecutionReport } from './report.ts';

/** The report as Markdown that reads as plain text too. */
export function renderReport(report: ExecutionReport): string {
  const parts = [
    heading(report),
    table(
      ['resource', 'restored as', 'bytes', 'content', 'detail'],
      report.resources.map((each) => [
        each.resource,
        each.restoredName ?? '-',
        String(each.bytes),
        each.state,
        each.detail,
      ]),
      'Resources',
    ),
    list(
      'Not checked',
      report.unchecked.map(({ resource, reason }) => `${resource}: ${reason}`),
    ),
    list(
      'Failures',
      report.failures.map(({ step, code, message }) => `${step}: ${message} [${code}]`),
    ),
    table(
      ['resource', 'fence', 'detail', 'former values'],
      report.fence.map((each) => [
        each.resource,
        each.state,
        each.detail,
        each.former === undefined ? '-' : JSON.stringify(each.former),
      ]),
      'Fence of the old primary',
    ),
    table(
      ['step', 'state', 'started', 'seconds', 'attempts'],
      report.steps.map((step) => [
        step.id,
        step.state,
        step.startedAt ?? '-',
        step.seconds === null ? '-' : String(step.seconds),
        String(step.attempts),
      ]),
      'Steps',
    ),
    list(
      'Notes',
      report.steps.flatMap((step) => step.notes.map((note) => `${step.id}: ${note}`)),
    ),
  ];
  return parts.filter((part) => part !== '').join('\n\n') + '\n';
}

function heading(report: ExecutionReport): string {
  const kind = report.dryRun ? `dry run of ${report.mode}` : report.mode;
  const outcome = report.result ?? `not ended (${report.state})`;
  return [
    `# Report: ${kind} of group ${report.group}`,
    '',
    `- result: **${outcome}**`,
    `- execution: ${report.execution}, runbook ${report.runbook}${version(report)}`,
    `- declared: ${report.declaredAt}, ended: ${report.endedAt ?? '-'}`,
    `- recovery point: ${report.point ?? 'none'}`,
    `- generation of the group: ${report.generation}`,
    `- RPO: ${reached(report.rpo)}`,
    `- RTO: ${reached(report.rto)}`,
    `- verified: ${report.resources.filter((each) => each.state === 'verified').length} of ${report.resources.length} resources, ${report.verifiedBytes} bytes`,
    ...fencing(report),
    `- parameters: \`${JSON.stringify(report.params)}\``,
  ].join('\n');
}

/** Of a failover only. */
function fencing({ fencing: { fenced, notFenced, accepted }, fence }: ExecutionReport): string[] {
  if (fenced === null) return [];
  if (fenced) return ['- old primary: fenced'];
  const open = `- old primary: **not fenced** (${notFenced} of ${fence.length} resources)`;
  if (accepted === null) return [`${open}, and nobody accepted that`];
  const how = accepted.by === 'order' ? 'with the order' : 'at the gate';
  return [oneLine(`${open}, accepted ${how} at ${accepted.at}: ${accepted.reason}`)];
}

function version({ runbookVersion }: ExecutionReport): string {
  return runbookVersion === null ? '' : ` version ${runbookVersion}`;
}

function reached({ objectiveSeconds, reachedSeconds, met }: ExecutionReport['rpo']): string {
  return reachedSeconds === null
    ? `not reached; objective ${objectiveSeconds} s`
    : `${reachedSeconds} s; objective ${objectiveSeconds} s ${met === true ? 'met' : 'missed'}`;
}

function list(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return [`## ${title}`, '', ...lines.map((line) => `- ${oneLine(line)}`)].join('\n');
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  title: string,
): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [`## ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Names come from users: none may break out of its cell. */
function cell(text: string): string {
  return oneLine(text).replaceAll('|', '\\|');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
