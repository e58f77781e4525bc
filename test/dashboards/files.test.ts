import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { rules } from '../../dashboards/alerts.ts';
import { dashboardFiles } from '../../dashboards/files.ts';
import { rows } from '../../dashboards/panels.ts';
import { createMetrics } from '../../controller/metrics/metrics.ts';
import type { ControllerService } from '../../controller/service.ts';
import { sampleFigures } from '../controller/api/fake-service.ts';

const panels = rows.flatMap((row) => row.panels);
const expressions = [
  ...panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)),
  ...rules.map(({ expr }) => expr),
];

describe('the generated dashboard and rules', () => {
  it('are committed as dashboards/build.ts writes them', async () => {
    for (const [name, text] of await dashboardFiles())
      expect(
        await readFile(new URL(`../../dashboards/${name}`, import.meta.url), 'utf8'),
        `${name}: run node dashboards/build.ts`,
      ).to.equal(text);
  });

  it('give every panel an id of its own, and Grafana all of them', async () => {
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    const text = (await dashboardFiles()).get('farshore.json');
    const dashboard = JSON.parse(text ?? '') as { panels: { id: number; type: string }[] };
    const shown = dashboard.panels.filter(({ type }) => type !== 'row').map(({ id }) => id);
    expect(shown).to.have.members(ids);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).to.equal(dashboard.panels.length);
  });

  it('ask only for metrics that the controller has, and for each of its own', async () => {
    const service = {
      listGroupStatus: () => Promise.resolve([]),
      knownRegions: () => Promise.resolve([]),
      figures: () => sampleFigures,
    } as unknown as ControllerService;
    const text = await createMetrics().render(service);
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!));
    const asked = expressions
      .flatMap((expr) => expr.match(/\b(?:farshore|process|nodejs)_\w+/g) ?? [])
      .map((name) => name.replace(/_bucket$/, ''));
    expect([...known]).to.include.members(asked);
    const own = [...known].filter((name) => name.startsWith('farshore_'));
    expect(asked).to.include.members(own);
  });
});
