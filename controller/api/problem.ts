import type { ErrorRequestHandler } from 'express';
import { z } from 'zod';

import { describeError, FarshoreError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/log.ts';

/** RFC 9457, with Farshore's stable code; `type` is `about:blank`, since the code says it all. */
export const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.number().int(),
    code: z.string().describe('Stable: clients may switch on it.'),
    detail: z.string().describe('What went wrong, where, and what to do, on one line.'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem document' });

export type Problem = z.infer<typeof problemSchema>;

const titles: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  403: 'The request is not allowed',
  404: 'There is no such thing',
  405: 'The method is not allowed here',
  409: 'The state does not allow it',
  412: 'It was changed in the meantime',
  413: 'The request is too large',
  415: 'The request is of a type that is not taken',
  421: 'The request is for another host',
  422: 'The document is not valid',
  500: 'Unexpected failure',
  502: 'A region refused or did not answer',
  503: 'Not available now',
};

/** The last part of a code decides the status; anything of a region is its failure and not the caller's. */
const statusByReason: Readonly<Record<string, number>> = {
  'not-found': 404,
  'revision-mismatch': 412,
  'bad-request': 400,
  'cross-site': 403,
  misdirected: 421,
  'unsupported-media-type': 415,
  invalid: 422,
};

export function toProblem(error: unknown): Problem {
  const { status, code } = classify(error);
  return {
    type: 'about:blank',
    title: titles[status] ?? 'Failure',
    status,
    code,
    detail: status === 500 ? 'An unexpected failure; the log has it.' : describeError(error),
  };
}

function classify(error: unknown): { status: number; code: string } {
  if (error instanceof FarshoreError) {
    const [area = '', reason = ''] = error.code.split('.');
    const byReason = area === 'object-store' ? undefined : statusByReason[reason];
    const status = byReason ?? ('region' in error ? 502 : error.kind === 'permanent' ? 409 : 503);
    return { status, code: error.code };
  }
  // What express and its body parser throw carries the status it stands for.
  if (error instanceof Error && 'status' in error && typeof error.status === 'number') {
    if (error.status >= 400 && error.status < 500) {
      return { status: error.status, code: 'request.bad-request' };
    }
  }
  return { status: 500, code: 'controller.unexpected' };
}

export function problemHandler(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = toProblem(error);
    if (problem.status === 500) {
      log.error('request failed unexpectedly', {
        method: request.method,
        path: request.path,
        error,
      });
    }
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  };
}
