import { expect } from 'chai';
import type { InvalidInput } from '../../../controller/input/fault.ts';
import {
  parseDocuments,
  parseGroup,
  parsePolicy,
  toDocument,
} from '../../../controller/model/documents.ts';

const policy = {
  name: 'gold',
  objectives: { rpo: '15m', rto: '1h' },
  schedule: { every: '5m', jitter: '10s' },
  retention: { last: 3, hourly: 24, daily: 7, weekly: 4, monthly: 12, maxAge: '400d' },
  target: 'west',
  volumes: { maxIncrementals: 6 },
};

const group = {
  name: 'shop',
  policy: 'gold',
  source: { region: 'east', project: 'demo' },
  target: { project: 'demo', volumeTypes: { ssd: 'nfs' }, availabilityZone: 'nova' },
  members: [
    { volume: 'data' },
    { image: 'cirros' },
    { container: 'docs' },
    { volumes: { name: 'db-*', metadata: { tier: 'gold' } } },
  ],
};

function faultsOf(act: () => unknown): readonly string[] {
  try {
    act();
  } catch (error) {
    return (error as InvalidInput).faults.map(
      ({ line, path, message }) => `${line ?? ''}:${path}: ${message}`,
    );
  }
  throw new Error('nothing was refused');
}

describe('documents', () => {
  it('a policy in human form becomes seconds, and back', () => {
    const parsed = parsePolicy(policy);
    expect(parsed).to.deep.equal({
      name: 'gold',
      rpoSeconds: 900,
      rtoSeconds: 3600,
      schedule: { every: 300, jitterSeconds: 10 },
      retention: {
        last: 3,
        hourly: 24,
        daily: 7,
        weekly: 4,
        monthly: 12,
        maxAgeSeconds: 400 * 86_400,
      },
      changes: { limitPercent: 50, graceSeconds: 604_800 },
      verification: { periodSeconds: 30 * 86_400, bytesPerSecond: 50 * 1024 ** 2 },
      targetRegion: 'west',
      options: { volume: { maxIncrementals: 6 } },
    });
    const changes = { limit: 50, grace: '7d' };
    const verification = { period: '30d', rate: '50MiB/s' };
    const shown = { kind: 'policy', ...policy, changes, verification };
    expect(toDocument(parsed)).to.deep.equal(shown);
    expect(parsePolicy(toDocument(parsed))).to.deep.equal(parsed);
  });

  it('a cron schedule and left-out parts have their defaults', () => {
    const { name, objectives, target } = policy;
    const parsed = parsePolicy({ name, objectives, target, schedule: { cron: '*/5 * * * *' } });
    expect(parsed.schedule).to.deep.equal({
      cron: '*/5 * * * *',
      timeZone: 'UTC',
      jitterSeconds: 0,
    });
    expect(parsed.retention).to.deep.equal({
      last: 3,
      hourly: 24,
      daily: 7,
      weekly: 0,
      monthly: 0,
    });
    expect(parsePolicy(toDocument(parsed))).to.deep.equal(parsed);
  });

  it('reading again has a period or is off, at a rate that ends some day', () => {
    const read = (verification: unknown) => parsePolicy({ ...policy, verification }).verification;
    expect(read({ period: '1w', rate: '512KiB/s' })).to.deep.equal({
      periodSeconds: 604_800,
      bytesPerSecond: 524_288,
    });
    const off = parsePolicy({ ...policy, verification: { period: 'off' } });
    expect(off.verification).to.deep.equal({ periodSeconds: null, bytesPerSecond: 52_428_800 });
    expect(toDocument(off)).to.deep.include({ verification: { period: 'off', rate: '50MiB/s' } });
    const faults = (verification: unknown) => faultsOf(() => read(verification)).join('\n');
    expect(faults({ period: 'soon' })).to.equal(
      ':verification.period: expected a duration such as 30d or 12h, or off, found "soon"',
    );
    expect(faults({ period: '30s', rate: '1KiB/s' }))
      .to.contain(':verification.period: expected at least 1m, or off')
      .and.contain(':verification.rate: expected at least 64KiB/s');
    expect(faults({ rate: '50' })).to.equal(
      ':verification.rate: expected bytes a second such as 512KiB/s, 50MiB/s or 1GiB/s, found "50"',
    );
    expect(faults({ rate: 50 })).to.contain(':verification.rate: expected a text');
  });

  it('a group becomes members and selectors, and back', () => {
    const parsed = parseGroup(group);
    expect(parsed.members).to.deep.equal([
      { kind: 'volume', nameOrId: 'data' },
      { kind: 'image', nameOrId: 'cirros' },
      { kind: 'container', nameOrId: 'docs' },
      { kind: 'volume', namePattern: 'db-*', metadata: { tier: 'gold' } },
    ]);
    expect(parsed.paused).to.equal(false);
    expect(toDocument(parsed)).to.deep.equal({ kind: 'group', ...group, paused: false });
    expect(parseGroup(toDocument(parsed))).to.deep.equal(parsed);
  });

  it('a pattern with more stars than any name needs is refused', () => {
    const members = [{ containers: { name: '*-'.repeat(17) } }];
    expect(faultsOf(() => parseGroup({ ...group, members }))[0]).to.contain(
      ':members[0].containers.name: has 17 stars, at most 16 are taken',
    );
  });

  it("the target's project is the source's unless named", () => {
    const { target, ...rest } = group;
    expect(target.project).to.equal('demo');
    expect(parseGroup({ ...rest, source: { region: 'east', project: 'p7' } }).target).to.deep.equal(
      { project: 'p7', mappings: { volumeTypes: {} } },
    );
  });

  const refusals: readonly [name: string, change: object, faults: readonly string[]][] = [
    [
      'an unknown field names its path and the nearest known one',
      { objectives: { rpo: '15m', rto: '1h', rpp: 1 }, schedul: {} },
      [
        ':objectives.rpp: unknown field; did you mean rpo?',
        ':schedul: unknown field; did you mean schedule?',
      ],
    ],
    [
      'durations and names',
      { name: 'Gold!', objectives: { rpo: 900, rto: 'soon' } },
      [
        ':name: expected 1 to 63 lower-case letters, digits and dashes, the first no dash, found "Gold!"',
        ':objectives.rpo: expected a text, found 900',
        ':objectives.rto: expected a duration such as 30s, 15m, 4h, 1d or 1h30m, found "soon"',
      ],
    ],
    [
      'an interval that cannot keep the RPO',
      { schedule: { every: '15m' } },
      [
        ':schedule.every: up to 15m between two runs cannot keep an RPO of 15m: the interval with its jitter must be shorter, found "15m"',
      ],
    ],
    [
      'a jitter that carries the interval over the RPO',
      { schedule: { every: '14m', jitter: '1m' } },
      [
        ':schedule.every: up to 15m between two runs cannot keep an RPO of 15m: the interval with its jitter must be shorter, found "14m"',
      ],
    ],
    [
      'a cron pattern whose nights are longer than the RPO',
      { schedule: { cron: '*/5 9-17 * * *' } },
      [
        ':schedule.cron: up to 905m between two runs cannot keep an RPO of 15m: the interval with its jitter must be shorter, found "*/5 9-17 * * *"',
      ],
    ],
    [
      'two schedules, or none',
      { schedule: { every: '5m', cron: '* * * * *' } },
      [':schedule: expected either every or cron'],
    ],
    [
      'limits',
      { volumes: { maxIncrementals: -1 } },
      [':volumes.maxIncrementals: expected at least 0, found -1'],
    ],
    ['a missing field', { target: undefined }, [':target: is missing, expected a text']],
  ];
  for (const [name, change, faults] of refusals)
    it(`refuses ${name}`, () => {
      expect(faultsOf(() => parsePolicy({ ...policy, ...change }))).to.deep.equal(faults);
    });

  for (const schedule of [
    { cron: 'every day' },
    { cron: '* * * * * *' },
    { cron: '*/5 * * * *', timeZone: 'Mars/Olympus' },
    { cron: '0 0 31 2 *' },
  ])
    it(`refuses the schedule ${JSON.stringify(schedule)}`, () => {
      expect(faultsOf(() => parsePolicy({ ...policy, schedule }))[0]).to.match(/^:schedule.cron: /);
    });

  for (const member of [{}, { volume: 'a', image: 'b' }, { volumes: {} }, { volume: '' }, 'data'])
    it(`refuses the member ${JSON.stringify(member)}`, () => {
      const faults = faultsOf(() => parseGroup({ ...group, members: [{ volume: 'a' }, member] }));
      expect(faults[0]).to.match(/^:members\[1\]/);
    });

  it('reads several documents and keeps their order', () => {
    const text = `---\n${JSON.stringify({ kind: 'group', ...group })}\n---\n---\n${JSON.stringify({ kind: 'policy', ...policy })}\n`;
    const documents = parseDocuments(text, 'shop.yaml');
    expect(documents.map(({ kind, name }) => [kind, name])).to.deep.equal([
      ['group', 'shop'],
      ['policy', 'gold'],
    ]);
  });

  it('tells the faults of all documents at once, each with its line', () => {
    const text = [
      'kind: policy',
      'name: gold',
      'objectives: { rpo: 15m, rto: 1h }',
      'schedule:',
      '  evry: 5m',
      'target: west',
      '---',
      'kind: groop',
      '---',
      'kind: group',
      'name: shop',
      'policy: gold',
      'source: { region: east, project: demo }',
      'members:',
      '  - volume: data',
      '  - volums: { name: "*" }',
      '',
    ].join('\n');
    expect(faultsOf(() => parseDocuments(text, 'shop.yaml'))).to.deep.equal([
      '5:schedule.evry: unknown field; did you mean every?',
      '8:kind: expected policy or group, found "groop"; did you mean group?',
      '16:members[1].volums: unknown field; did you mean volume?',
    ]);
  });

  it('names the line of a syntax error', () => {
    const faults = faultsOf(() => parseDocuments('kind: policy\nname: [gold\n', 'x.yaml'));
    expect(faults[0]).to.match(/^[23]:: not YAML: /);
  });

  it('refuses a file that holds nothing', () => {
    expect(faultsOf(() => parseDocuments('# nothing\n', 'x.yaml'))[0]).to.match(
      /holds no document/,
    );
  });
});
