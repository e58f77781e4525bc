import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { stringify } from 'yaml';
import { rules } from '../../dashboards/alerts.ts';
import { createMetrics } from '../../controller/metrics/metrics.ts';
import type { ControllerFigures } from '../../controller/model/controller-status.ts';
import type { GroupStatus } from '../../controller/model/types.ts';
import type { ControllerService } from '../../controller/service.ts';
import { checkDashboards, ruleFile } from './check-dashboards.ts';
import { promtool } from './prometheus.ts';
import { ruleTests } from './rule-tests.ts';

const status: GroupStatus = {
  name: 'shop',
  policy: 'hourly',
  generation: 1,
  primary: 'east',
  secondary: 'west',
  state: 'protected',
  resources: [],
  rpoSeconds: 950,
  rpoObjectiveSeconds: 1000,
  rtoSeconds: 120,
  rtoObjectiveSeconds: 600,
  newestUsablePoint: '20261121T080000Z-0001',
  newestProvenDataTime: '2026-11-21T08:00:00Z',
  points: { proven: 3, partial: 0, damaged: 0 },
  lacks: [],
  changes: [],
  session: null,
  stalled: [],
  damagedCopies: 0,
  verification: {
    readSince: '2026-11-20T08:00:00Z',
    ageSeconds: 86_400,
    periodSeconds: 2_592_000,
    lastEndedAt: null,
    round: null,
  },
  nextSessionAt: null,
  executions: [
    {
      id: '20261121T080000Z-0a1b2c3d',
      mode: 'drill',
      state: 'succeeded',
      declaredAt: '2026-11-21T08:00:00Z',
      since: '2026-11-21T08:02:00Z',
      gates: [],
      failed: null,
      ageSeconds: 3600,
    },
  ],
};

const figures: ControllerFigures = {
  site: 'west',
  isLeader: true,
  hasLease: true,
  claims: { session: 1, execution: 0 },
  sites: new Map([
    ['east', false],
    ['west', true],
    ['witness', true],
  ]),
  hasQuorum: true,
  quorumAgeSeconds: 0,
  lagSeconds: 0,
  member: {
    dbBytes: 1e6,
    dbQuotaBytes: 2e9,
    hasLeader: true,
    alarms: 0,
    snapshotEverySeconds: 3600,
    snapshotAgeSeconds: 60,
  },
};

/** The controller's own registry, told of work that was done; no controller behind it. */
function sampleServer(): Server {
  const metrics = createMetrics();
  const { observer } = metrics;
  const kind = 'volume';
  const service = {
    listGroupStatus: () => Promise.resolve([status]),
    knownRegions: () =>
      Promise.resolve([
        { name: 'east', services: [{ service: 'identity', up: false, latencyMs: 1 }] },
        { name: 'west', services: [{ service: 'identity', up: true, latencyMs: 1 }] },
      ]),
    figures: () => figures,
  } as unknown as ControllerService;
  return createServer((_request, response) => {
    observer.sessionEnded({ group: 'shop', result: 'done', seconds: 12 });
    observer.moved({ group: 'shop', kind, result: 'moved', bytes: 1e6, objects: 2 });
    observer.backlog({ group: 'shop', bytes: 5e6 });
    observer.stepEnded({ mode: 'drill', step: 'restore', state: 'done', seconds: 3 });
    observer.storeRequest('transact');
    observer.executionEnded({ mode: 'drill', result: 'succeeded', group: 'shop' });
    observer.request({
      region: 'west',
      service: 'object-store',
      method: 'PUT',
      status: 201,
      path: '/c/o',
      bytesIn: 0,
      bytesOut: 10,
      durationMs: 10,
    });
    void metrics.render(service).then((text) => {
      response.setHeader('content-type', metrics.contentType);
      response.end(text);
    });
  });
}

describe('dashboard and alert rules on a real Prometheus', () => {
  it('return something in every panel, and every rule evaluates', async () => {
    const server = sampleServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const found = await checkDashboards(`http://127.0.0.1:${port}`);
      console.log('dashboards:', found);
      expect(found.rules).to.equal(rules.length);
      expect(found.alerts).to.have.members([
        'FarshoreRpoNearObjective',
        'FarshoreRegionServiceDown',
        'FarshoreControllerMissing',
      ]);
    } finally {
      server.close();
    }
  });

  it('says which panel has no data', async () => {
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/plain');
      response.end('farshore_controller_is_leader 1\n');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const error: unknown = await checkDashboards(`http://127.0.0.1:${port}`).catch(
        (reason: unknown) => reason,
      );
      expect(error).to.be.an('error');
      expect(String(error)).to.include('panel "RPO": no data');
    } finally {
      server.close();
    }
  });

  it('lets every alert fire when it should, and none before', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'farshore-rules-'));
    try {
      const file = join(dir, 'tests.yaml');
      await writeFile(file, stringify({ rule_files: [ruleFile], tests: ruleTests }));
      await promtool('test', 'rules', file);
      const tested = new Set(
        ruleTests
          .flatMap(({ alert_rule_test }) => alert_rule_test)
          .filter(({ exp_alerts }) => exp_alerts.length > 0)
          .map(({ alertname }) => alertname),
      );
      expect([...tested]).to.have.members(rules.map(({ alert }) => alert));
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
