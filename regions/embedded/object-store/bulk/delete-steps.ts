import { Refusal } from '../../http/refusal.ts';
import { page } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { type BulkName, splitPath } from './names.ts';
import { type Problem, report, type ReportFormat, statusLine } from './report.ts';
import { isSuccess, stepOf, stepReply } from './step.ts';

const mostFailures = 1_000;

export interface Doomed extends BulkName {
  readonly versionId?: string;
  /** Why it is not even tried. */
  readonly refused?: Refusal;
}

/**
 * Deletes one after another and ends with the report of it; a Refusal that the names come to is part
 * of the report.
 */
export async function* deleteSteps(
  core: Core,
  request: Request,
  names: AsyncIterable<Doomed>,
  format: ReportFormat | undefined,
): AsyncGenerator<void, string, undefined> {
  const results = {
    'Response Status': statusLine(200),
    'Response Body': '',
    'Number Deleted': 0,
    'Number Not Found': 0,
  };
  const problems: Problem[] = [];
  let worst = 400;
  try {
    if (format === undefined) throw page(406);
    for await (const doomed of names) {
      const { status, message } = await deleted(core, request, doomed);
      if (isSuccess({ status })) results['Number Deleted']++;
      else if (status === 404) results['Number Not Found']++;
      else problems.push([doomed.shown, message]);
      if (status >= 500) worst = 502;
      if (problems.length >= mostFailures) throw page(400, 'Max delete failures exceeded');
      yield;
    }
    if (problems.length > 0) results['Response Status'] = statusLine(worst);
    else if (results['Number Deleted'] + results['Number Not Found'] === 0)
      throw page(400, 'Invalid bulk delete.');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    results['Response Status'] = statusLine(error.status);
    results['Response Body'] = error.message;
  }
  return report(format, results, problems, 'delete');
}

async function deleted(
  core: Core,
  request: Request,
  { text, versionId, refused }: Doomed,
): Promise<{ readonly status: number; readonly message: string }> {
  if (refused !== undefined) return refused;
  if (text === undefined) return { status: 412, message: statusLine(412) };
  const query = new URLSearchParams(versionId === undefined ? {} : { 'version-id': versionId });
  const step = stepOf(request, { method: 'DELETE', ...splitPath(text), query });
  const { status } = await stepReply(core, step);
  return { status, message: statusLine(status) };
}
