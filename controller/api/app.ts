import express, { type Express, type RequestHandler } from 'express';
import helmet from 'helmet';

import { FarshoreError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { ControllerService } from '../service.ts';
import { executionEvents } from './events.ts';
import { markStale } from './freshness.ts';
import { refuseForeign, requireJson } from './guard.ts';
import { openApi } from './openapi.ts';
import { problemHandler } from './problem.ts';
import { mount, type Route } from './route.ts';
import { auditRoutes } from './routes/audit.ts';
import { bankRoutes } from './routes/banks.ts';
import { clusterRoutes } from './routes/cluster.ts';
import { executionRoutes } from './routes/executions.ts';
import { groupRoutes } from './routes/groups.ts';
import { pointRoutes } from './routes/points.ts';
import { policyRoutes } from './routes/policies.ts';
import { regionRoutes } from './routes/regions.ts';
import { runbookRoutes } from './routes/runbooks.ts';

export interface ApiDeps {
  readonly service: ControllerService;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly version: string;
}

export function createApp({ service, metrics, log, version }: ApiDeps): Express {
  const routes = apiRoutes(service);
  const document = openApi(routes, version);
  const app = express();
  app.disable('x-powered-by');
  app.use(helmet());
  app.use(refuseForeign, requireJson);
  app.use(express.json({ limit: '1mb' }));

  const v1 = express.Router();
  v1.use(markStale(service));
  mount(v1, routes);
  v1.get('/executions/:id/events', executionEvents(service));
  app.use('/v1', v1);

  app.get('/openapi.json', (_request, response) => void response.json(document));
  app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/readyz', (_request, response) => {
    const readiness = service.readiness();
    response.status(readiness.ready ? 200 : 503).json(readiness);
  });
  app.get('/metrics', async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.render(service));
  });
  app.use(unknownPath);
  app.use(problemHandler(log));
  return app;
}

export function apiRoutes(service: ControllerService): readonly Route[] {
  return [
    ...regionRoutes(service),
    ...policyRoutes(service),
    ...groupRoutes(service),
    ...pointRoutes(service),
    ...bankRoutes(service),
    ...runbookRoutes(service),
    ...executionRoutes(service),
    ...auditRoutes(service),
    ...clusterRoutes(service),
  ];
}

const unknownPath: RequestHandler = (request) => {
  throw new FarshoreError(`there is no ${request.method} ${request.path}`, {
    code: 'request.not-found',
    kind: 'permanent',
    operation: 'answer request',
    hint: 'see /openapi.json',
  });
};
