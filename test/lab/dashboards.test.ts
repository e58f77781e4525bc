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

interface RuleTest {
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly alert_rule_test: readonly {
    readonly eval_time: string;
    readonly alertname: string;
    readonly exp_alerts: readonly unknown[];
  }[];
}

/** Made-up series, one value a minute, and when the alert must be silent and when it must fire. */
function ruleTest(
  alertname: string,
  series: Readonly<Record<string, string>>,
  at: { readonly silent: string; readonly firing: string },
  labels: Readonly<Record<string, string>>,
): RuleTest {
  const rule = rules.find(({ alert }) => alert === alertname);
  if (rule === undefined) throw new Error(`no rule ${alertname}`);
  const text = (template: string): string =>
    template.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? '');
  const expected = {
    exp_labels: { severity: rule.severity, ...labels },
    exp_annotations: {
      summary: text(rule.summary).replace('{{ $value }}', '1'),
      action: text(rule.action),
    },
  };
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      { eval_time: at.silent, alertname, exp_alerts: [] },
      { eval_time: at.firing, alertname, exp_alerts: [expected] },
    ],
  };
}

const shop = { group: 'shop' };
const ruleTests: readonly RuleTest[] = [
  ruleTest(
    'FarshoreRpoBeyondObjective',
    {
      'farshore_group_rpo_seconds{group="shop"}': '900+60x10',
      'farshore_group_rpo_objective_seconds{group="shop"}': '1000x10',
    },
    { silent: '1m', firing: '4m' },
    shop,
  ),
  ruleTest(
    'FarshoreRpoNearObjective',
    {
      'farshore_group_rpo_seconds{group="shop"}': '700+60x10',
      'farshore_group_rpo_objective_seconds{group="shop"}': '1000x10',
    },
    { silent: '1m', firing: '4m' },
    shop,
  ),
  ruleTest(
    'FarshoreRpoNearObjective',
    {
      'farshore_group_rpo_seconds{group="shop"}': '1100x5 900x5',
      'farshore_group_rpo_objective_seconds{group="shop"}': '1000x11',
    },
    { silent: '5m', firing: '8m' },
    shop,
  ),
  ruleTest(
    'FarshoreGroupUnprotected',
    { 'farshore_group_state{group="shop",state="failed-over"}': '0x5 1x5' },
    { silent: '5m', firing: '6m' },
    shop,
  ),
  ruleTest(
    'FarshoreNoProvenPoint',
    { 'farshore_group_rpo_objective_seconds{group="shop"}': '1000x60' },
    { silent: '20m', firing: '40m' },
    shop,
  ),
  ruleTest(
    'FarshorePointDamaged',
    { 'farshore_recovery_points{group="shop",state="damaged"}': '0x5 1x5' },
    { silent: '5m', firing: '7m' },
    shop,
  ),
  ruleTest(
    'FarshoreCopyDamaged',
    { 'farshore_group_damaged_copies{group="shop"}': '0x5 1x60' },
    { silent: '30m', firing: '40m' },
    shop,
  ),
  ruleTest(
    'FarshoreVerificationOverdue',
    {
      'farshore_group_verification_age_seconds{group="shop"}': '0+60x60',
      'farshore_group_verification_period_seconds{group="shop"}': '600x60',
    },
    { silent: '20m', firing: '30m' },
    shop,
  ),
  ruleTest(
    'FarshoreResourceLacking',
    { 'farshore_group_lacking_resources{group="shop"}': '0x5 1x30' },
    { silent: '15m', firing: '25m' },
    shop,
  ),
  ruleTest(
    'FarshoreMemberChanged',
    { 'farshore_group_member_changes{group="shop",change="lost"}': '0x5 1x5' },
    { silent: '5m', firing: '7m' },
    { ...shop, change: 'lost' },
  ),
  ruleTest(
    'FarshoreRegionServiceDown',
    { 'farshore_region_up{region="east",service="identity"}': '1x5 0x10' },
    { silent: '7m', firing: '9m' },
    { region: 'east', service: 'identity' },
  ),
  ruleTest(
    'FarshoreSessionFailed',
    { 'farshore_replication_sessions_total{group="shop",result="failed"}': '_x5 1x10' },
    { silent: '4m', firing: '8m' },
    shop,
  ),
  ruleTest(
    'FarshoreSessionFailed',
    { 'farshore_replication_sessions_total{group="shop",result="failed"}': '3x99 4x9' },
    { silent: '99m', firing: '102m' },
    shop,
  ),
  ruleTest(
    'FarshoreExecutionFailed',
    { 'farshore_runbook_executions_total{mode="drill",result="unchecked"}': '_x5 1x10' },
    { silent: '4m', firing: '8m' },
    { mode: 'drill', result: 'unchecked' },
  ),
  ruleTest(
    'FarshoreRtoBeyondObjective',
    {
      'farshore_group_rto_seconds{group="shop",source="measured"}': '500x5 700x5',
      'farshore_group_rto_objective_seconds{group="shop"}': '600x11',
    },
    { silent: '4m', firing: '8m' },
    shop,
  ),
  // One that is cut off goes on counting from what it knew, and is not believed.
  ruleTest(
    'FarshoreRpoBeyondObjective',
    {
      'farshore_group_rpo_seconds{group="shop",instance="east"}': '2000+60x20',
      'farshore_group_rpo_seconds{group="shop",instance="west"}': '100x5 2000x15',
      'farshore_group_rpo_objective_seconds{group="shop",instance="east"}': '1000x20',
      'farshore_group_rpo_objective_seconds{group="shop",instance="west"}': '1000x20',
      'farshore_store_has_quorum{instance="east"}': '0x20',
      'farshore_store_has_quorum{instance="west"}': '1x20',
    },
    { silent: '5m', firing: '9m' },
    shop,
  ),
  ruleTest(
    'FarshoreControllerAbsent',
    { farshore_controller_is_leader: '1x5 _x30' },
    { silent: '8m', firing: '20m' },
    {},
  ),
  ruleTest(
    'FarshoreNoLeader',
    {
      'farshore_controller_is_leader{instance="east"}': '1x5 0x20',
      'farshore_controller_is_leader{instance="west"}': '0x5 1x5 0x10',
    },
    { silent: '10m', firing: '14m' },
    {},
  ),
  ruleTest(
    'FarshoreNoQuorum',
    {
      'farshore_store_has_quorum{instance="east"}': '0x20',
      'farshore_store_has_quorum{instance="west"}': '1x5 0x15',
    },
    { silent: '5m', firing: '8m' },
    {},
  ),
  ruleTest(
    'FarshoreControllerCutOff',
    {
      'farshore_store_has_quorum{instance="east"}': '1x5 0x15',
      'farshore_store_has_quorum{instance="west"}': '1x20',
    },
    { silent: '5m', firing: '8m' },
    { instance: 'east' },
  ),
  ruleTest(
    'FarshoreControllerMissing',
    {
      'farshore_controller_present{site="east",instance="west"}': '1x5 0x20',
      'farshore_controller_present{site="east",instance="east"}': '1x25',
      'farshore_store_has_quorum{instance="west"}': '1x25',
      'farshore_store_has_quorum{instance="east"}': '1x5 0x20',
    },
    { silent: '7m', firing: '15m' },
    { site: 'east' },
  ),
  ruleTest(
    'FarshoreMemberWithoutLeader',
    { 'farshore_raft_has_leader{site="east"}': '1x5 0x15' },
    { silent: '5m', firing: '8m' },
    { site: 'east' },
  ),
  ruleTest(
    'FarshoreMemberDbNearQuota',
    {
      'farshore_raft_db_bytes{site="east"}': '700+20x30',
      'farshore_raft_db_quota_bytes{site="east"}': '1000x30',
    },
    { silent: '10m', firing: '20m' },
    { site: 'east' },
  ),
  ruleTest(
    'FarshoreMemberAlarm',
    { 'farshore_raft_alarms{site="east"}': '0x5 1x15' },
    { silent: '5m', firing: '8m' },
    { site: 'east' },
  ),
  ruleTest(
    'FarshoreSnapshotOld',
    {
      'farshore_raft_snapshot_age_seconds{site="east"}': '0+60x300',
      'farshore_raft_snapshot_interval_seconds{site="east"}': '3600x300',
    },
    { silent: '185m', firing: '195m' },
    { site: 'east' },
  ),
];
