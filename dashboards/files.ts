import { format } from 'prettier';
import { stringify } from 'yaml';
import { rulesFile } from './alerts.ts';
import { buildDashboard } from './dashboard.ts';

/** The generated files, by name, as they must be committed. */
export async function dashboardFiles(): Promise<ReadonlyMap<string, string>> {
  const options = { singleQuote: true, printWidth: 100 } as const;
  const note = '# Written by dashboards/build.ts from alerts.ts: change it there.\n';
  const alerts = note + stringify(rulesFile(), { lineWidth: 0 });
  return new Map([
    [
      'farshore.json',
      await format(JSON.stringify(buildDashboard()), { ...options, parser: 'json' }),
    ],
    ['alerts.yaml', await format(alerts, { ...options, parser: 'yaml' })],
  ]);
}
