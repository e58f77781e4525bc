/* eslint-disable @typescript-eslint/no-deprecated -- the new schema is not imported by Grafana before 12, this one by all */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  type Dashboard,
  type Panel as GrafanaPanel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Panel } from './panel.ts';
import { rows } from './panels.ts';

const datasource = { type: 'prometheus', uid: '${datasource}' };
const height = 8;
/** Rows' ids follow those of the panels, with room between. */
const firstRowId = 101;

/** The overview: everything that an operator looks at first, on one page. */
export function buildDashboard(): Dashboard {
  const builder = new DashboardBuilder('Farshore')
    .uid('farshore')
    .description('Recovery objectives, recovery points, replication and runbooks.')
    .tags(['farshore', 'disaster-recovery'])
    .refresh('30s')
    .time({ from: 'now-24h', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Source').type('prometheus'))
    .withVariable(
      new QueryVariableBuilder('group')
        .label('Group')
        .datasource(datasource)
        .query('label_values(farshore_group_rpo_objective_seconds, group)')
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .current({ selected: true, text: 'All', value: '$__all' }),
    );
  for (const [index, row] of rows.entries()) {
    builder.withRow(new RowBuilder(row.title).id(firstRowId + index));
    for (const panel of row.panels) builder.withPanel(panelOf(panel));
  }
  return builder.build();
}

function panelOf(panel: Panel): Builder<GrafanaPanel> {
  const builder = panel.kind === 'stat' ? new StatBuilder() : new TimeseriesBuilder();
  builder
    .id(panel.id)
    .title(panel.title)
    .description(panel.description)
    .datasource(datasource)
    .unit(panel.unit)
    .span(panel.width)
    .height(height)
    .thresholds(thresholdsOf(panel));
  for (const [index, { expr, legend }] of panel.queries.entries())
    builder.withTarget(
      new DataqueryBuilder()
        .refId(String.fromCharCode('A'.charCodeAt(0) + index))
        .expr(expr)
        .legendFormat(legend),
    );
  return builder;
}

function thresholdsOf(panel: Panel): ThresholdsConfigBuilder {
  const steps = (panel.thresholds ?? []).map(([color, value]) => ({ color, value }));
  // What is good when it is high starts red, the rest starts green.
  const base = steps.some(({ color }) => color === 'green') ? 'red' : 'green';
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ color: base, value: null }, ...steps]);
}
