import { Readable } from 'node:stream';
import type { Reply } from '../../http/reply.ts';
import { html, page } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { compressions } from './archive.ts';
import { deleteSteps } from './delete-steps.ts';
import { extractSteps } from './extract-steps.ts';
import { withHeartbeat } from './heartbeat.ts';
import { namesToDelete } from './names-to-delete.ts';
import { type ReportFormat, reportFormat } from './report.ts';

/**
 * `bulk-delete` and `extract-archive`; undefined for any other request. The answer is always 200 and
 * its body says how it went, after the work. Throws a Refusal of 400.
 */
export function bulkReply(core: Core, request: Request): Promise<Reply | undefined> {
  const steps = stepsOf(core, request);
  return Promise.resolve(steps && stepsReply(core, request, steps));
}

type Steps = (format: ReportFormat | undefined) => AsyncGenerator<void, string, undefined>;

function stepsOf(core: Core, request: Request): Steps | undefined {
  const { method, query } = request;
  if (query.has('bulk-delete') && (method === 'POST' || method === 'DELETE'))
    return (format) => deleteSteps(core, request, namesToDelete(request), format);
  const archive = query.get('extract-archive');
  if (archive === null || method !== 'PUT') return undefined;
  const compression = compressions.get(archive.toLowerCase().replace(/^\.+|\.+$/g, ''));
  if (compression === undefined) throw page(400, 'Unsupported archive format');
  return (format) => extractSteps(core, request, compression, format);
}

/** Long work as an answer in whatever form the client likes. */
export function stepsReply(core: Core, request: Request, steps: Steps): Reply {
  const format = reportFormat(request.headers['accept']);
  return {
    status: 200,
    headers: { 'content-type': format ?? html },
    body: Readable.from(withHeartbeat(steps(format), core.deps.ambient.clock, format)),
  };
}
