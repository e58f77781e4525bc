import { z } from 'zod';

import { FarshoreError } from '../../../kernel/errors.ts';
import { renderReport, reportOf } from '../../../runbooks/report.ts';
import type { ExecutionMode } from '../../../runbooks/execution/types.ts';
import type { ControllerService } from '../../service.ts';
import { page, pageOf, pageQuery } from '../paging.ts';
import { route, type Route } from '../route.ts';
import { approval, execution, executionOrder, executionState, idempotency } from '../schemas.ts';

export function executionRoutes(service: ControllerService): readonly Route[] {
  return [...readRoutes(service), ...orderRoutes(service)];
}

function readRoutes(service: ControllerService): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/executions',
      id: 'listExecutions',
      summary: 'Executions, newest first',
      query: pageQuery.extend({ group: z.string().optional() }),
      response: pageOf(execution),
      handle: async ({ query, read }) => ({
        body: page(await service.listExecutions(query.group, read), (item) => item.id, query),
      }),
    }),
    route({
      method: 'get',
      path: '/executions/{id}',
      id: 'getExecution',
      summary:
        'An execution with its steps, and the progress of those that the controller asked runs itself',
      response: executionState,
      handle: async ({ params, read }) => {
        const id = params['id'] ?? '';
        return {
          body: {
            execution: await service.getExecution(id, read),
            progress: service.runner.progress(id),
          },
        };
      },
    }),
    route({
      method: 'get',
      path: '/executions/{id}/report',
      id: 'getExecutionReport',
      summary: 'What was done, checked and reached; as JSON or, asked for text/markdown, to read',
      response: z.record(z.string(), z.unknown()),
      handle: async ({ params, accepts, read }) => {
        const report = reportOf(await service.getExecution(params['id'] ?? '', read));
        return accepts('text/markdown')
          ? { text: { type: 'text/markdown', content: renderReport(report) } }
          : { body: report };
      },
    }),
  ];
}

function orderRoutes(service: ControllerService): readonly Route[] {
  return [
    route({
      method: 'post',
      path: '/executions',
      id: 'startExecution',
      summary: 'Orders a runbook; answers when the order is committed, the work goes on',
      headers: idempotency,
      body: executionOrder,
      status: 201,
      response: execution,
      handle: async ({ body, headers }) => {
        const mode = body.mode ?? modeOf(service, body.runbook);
        const requestKey = headers['idempotency-key'];
        const tied = requestKey === undefined ? {} : { requestKey };
        return { body: await service.runner.start({ ...body, mode, ...tied }) };
      },
    }),
    route({
      method: 'post',
      path: '/executions/{id}/cancel',
      id: 'cancelExecution',
      summary: 'Takes no further steps; a drill is cleaned up',
      response: execution,
      handle: async ({ params }) => ({ body: await service.runner.cancel(params['id'] ?? '') }),
    }),
    route({
      method: 'post',
      path: '/executions/{id}/retry',
      id: 'retryExecution',
      summary: 'Runs the failed steps of an ended execution again',
      response: execution,
      handle: async ({ params }) => ({ body: await service.runner.retry(params['id'] ?? '') }),
    }),
    route({
      method: 'post',
      path: '/executions/{id}/steps/{step}/approve',
      id: 'approveStep',
      summary: 'Passes a gate; steps with `approvalNeedsReason` ask for a reason',
      body: approval,
      response: execution,
      handle: async ({ params, body: { reason } }) => ({
        body: await service.runner.approve(params['id'] ?? '', params['step'] ?? '', reason),
      }),
    }),
  ];
}

function modeOf(service: ControllerService, name: string): ExecutionMode {
  const runbooks = service.listRunbooks();
  const mode = runbooks.find((runbook) => runbook.name === name)?.mode;
  if (mode === 'drill' || mode === 'failover') return mode;
  throw new FarshoreError(`there is no runbook ${name}`, {
    code: 'runbook.not-found',
    kind: 'permanent',
    operation: 'start execution',
    hint: `there are: ${runbooks.map((runbook) => runbook.name).join(', ')}`,
  });
}
