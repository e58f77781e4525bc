import { rules } from '../../dashboards/alerts.ts';

/** As promtool reads it. */
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
      summary: text(rule.summary)
        .replace('{{ $value }}', '1')
        .replace('{{ $value | humanizeDuration }}', '2m 0s'),
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
const newest = (mode: string, state: string) =>
  `farshore_group_execution_state_timestamp_seconds{group="shop",mode="${mode}",state="${state}"}`;
export const ruleTests: readonly RuleTest[] = [
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
    { [newest('drill', 'unchecked')]: '_x5 300x10' },
    { silent: '4m', firing: '8m' },
    { ...shop, mode: 'drill', state: 'unchecked' },
  ),
  ruleTest(
    'FarshoreFailoverWaiting',
    { [newest('drill', 'waiting')]: '0x10', [newest('failover', 'waiting')]: '_x5 300x10' },
    { silent: '6m', firing: '7m' },
    { ...shop, mode: 'failover', state: 'waiting' },
  ),
  ruleTest(
    'FarshoreFailoverFailed',
    { 'farshore_group_state{group="shop",state="failover-failed"}': '0x5 1x5' },
    { silent: '5m', firing: '6m' },
    shop,
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
