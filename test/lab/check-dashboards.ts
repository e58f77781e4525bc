import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Prometheus, promtool, type ScrapeTarget } from './prometheus.ts';

export const ruleFile = fileURLToPath(new URL('../../dashboards/alerts.yaml', import.meta.url));
const dashboardFile = new URL('../../dashboards/farshore.json', import.meta.url);

export interface DashboardCheck {
  readonly panels: number;
  readonly queries: number;
  readonly rules: number;
  /** Names of the alerts that hold or fire. */
  readonly alerts: readonly string[];
}

export interface DashboardCheckOptions {
  readonly bearerToken?: string;
  readonly caFile?: string;
  /** Good scrapes, one a second, before anything is asked; 5 unless given. */
  readonly scrapes?: number;
  /** How long those may take; 60 s unless given. */
  readonly timeoutMs?: number;
}

interface GrafanaPanel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/**
 * Lets a real Prometheus scrape the controller and asks it every query of the committed dashboard and
 * every expression of the committed rules. Each query of a panel must return something, each rule
 * must evaluate; all that fails is named in one error. The controller must have data: a group with a
 * point, and an execution that ended.
 */
export async function checkDashboards(
  controllerUrl: string,
  options: DashboardCheckOptions = {},
): Promise<DashboardCheck> {
  await promtool('check', 'rules', ruleFile);
  const { scrapes = 5, timeoutMs = 60_000, ...access } = options;
  const target: ScrapeTarget = { url: controllerUrl, ...access };
  const prometheus = await Prometheus.start(target, ruleFile);
  try {
    await prometheus.scraped(scrapes, timeoutMs);
    const panels = await panelsOf();
    const hasMember = (await prometheus.query('farshore_raft_has_leader')).length > 0;
    const faults: string[] = [];
    let queries = 0;
    for (const { title, targets = [] } of panels)
      for (const { expr } of targets) {
        // Those of an etcd member are empty for a controller that runs none.
        if (!hasMember && expr.includes('farshore_raft_')) continue;
        queries += 1;
        const fault = await faultOf(prometheus, filledIn(expr));
        if (fault !== null) faults.push(`panel "${title}": ${fault}: ${expr}`);
      }
    const rules = await prometheus.rules();
    for (const { name, health, lastError } of rules)
      if (health !== 'ok') faults.push(`rule ${name}: ${lastError ?? health}`);
    if (rules.length === 0) faults.push('Prometheus has no rules');
    if (faults.length > 0) throw new Error(`dashboards:\n  ${faults.join('\n  ')}`);
    const alerts = rules.filter(({ state }) => state !== 'inactive').map(({ name }) => name);
    return { panels: panels.length, queries, rules: rules.length, alerts };
  } finally {
    await prometheus.close();
  }
}

async function panelsOf(): Promise<readonly GrafanaPanel[]> {
  const text = await readFile(dashboardFile, 'utf8');
  const { panels } = JSON.parse(text) as { readonly panels: readonly GrafanaPanel[] };
  return panels.filter(({ type }) => type !== 'row');
}

/** Null when the query returns something. */
async function faultOf(prometheus: Prometheus, expr: string): Promise<string | null> {
  try {
    return (await prometheus.query(expr)).length > 0 ? null : 'no data';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What Grafana puts in: all groups, and spans that a few seconds of scrapes can fill. */
function filledIn(expr: string): string {
  return expr
    .replaceAll('$group', '.*')
    .replaceAll('$__rate_interval', '30s')
    .replaceAll('$__range', '1m');
}
