import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { documentsFor } from './dataset.ts';
import { Farshore } from './farshore.ts';
import { inventory } from './inventory.ts';
import { runRunbook, type Scene } from './scene.ts';

interface Case {
  readonly what: string;
  /** Where the command runs; the controller's directory unless given. */
  readonly dir?: string;
  readonly args: readonly string[];
  /** What the one line must name: the field or call, what was found, what to do. */
  readonly says: readonly RegExp[];
}

/** Each gives one clear line and status 1; none leaves anything behind or shows a stack. */
export async function badInput(scene: Scene, group: string): Promise<void> {
  const cases = [...(await brokenClouds(scene)), ...(await brokenGroups(scene, group))];
  for (const { what, args, says, dir = scene.farshore.dir } of cases) {
    const { code, stdout, stderr } = await scene.farshore.cliIn(dir, ...args);
    const text = `${stdout}${stderr}`;
    scene.say(`${what}: ${text.trim().split('\n').at(-1) ?? ''}`.slice(0, 400));
    expect(code, what).to.equal(1);
    for (const pattern of says) expect(text, what).to.match(pattern);
    expect(text, what).not.to.match(/^\s+at /m);
  }
}

/** A project whose quota lets no volume in: the drill says which one, and leaves nothing. */
export async function fullQuota(scene: Scene, group: string): Promise<void> {
  const west = scene.lab.region('west');
  const before = await inventory(west);
  const set = (volumes: number) =>
    west.python(
      `c = cinder(); c.quotas.update(c.client.get_project_id(), volumes=${volumes}); result(1)`,
    );
  await set(0);
  try {
    const { cli, execution } = await runRunbook(scene, 'drill', group);
    expect(cli.code).to.equal(1);
    expect(execution.result).to.equal('failed');
    const errors = execution.steps.flatMap(({ error }) => (error === undefined ? [] : [error]));
    scene.say(`full quota: ${errors[0]?.message ?? ''} (${errors[0]?.code ?? ''})`);
    expect(errors.map(({ code }) => code)).to.include('block-storage.quota-exceeded');
  } finally {
    await set(100);
  }
  expect(await inventory(west)).to.deep.equal(before);
}

/** A controller whose user is a plain member: it hears of the missing right before anything is made. */
export async function missingRight(scene: Scene, group: string): Promise<void> {
  const west = scene.lab.region('west');
  const before = await inventory(west);
  const farshore = await Farshore.create(scene.lab, 'demo');
  try {
    await farshore.start();
    const [policy, spec] = documentsFor(group);
    const { code, stderr } = await farshore.apply(policy!, {
      ...spec,
      members: [{ volume: `${group}-empty` }],
    });
    scene.say(`missing right: ${stderr.trim().split('\n').at(-1) ?? ''}`);
    expect(code).to.equal(1);
    expect(stderr).to.match(/target\.project.*backup:backup-import.*west.*admin role/);
    expect(await farshore.json('group', 'list')).to.deep.equal([]);
  } finally {
    await farshore.remove();
  }
  expect(await inventory(west)).to.deep.equal(before);
}

/** Directories with a configuration and a clouds.yaml that are wrong in one thing each. */
async function brokenClouds(scene: Scene): Promise<readonly Case[]> {
  const clouds = await readFile(join(scene.farshore.dir, 'clouds.yaml'), 'utf8');
  const check = async (name: string, cloud: string, text: string) => {
    const dir = join(scene.farshore.dir, name);
    await mkdir(dir);
    await writeFile(join(dir, 'clouds.yaml'), text);
    await writeFile(join(dir, 'farshore.yaml'), `regions:\n  west: { cloud: ${cloud} }\n`);
    return { dir, args: ['config', 'check'] };
  };
  return [
    {
      what: 'unknown cloud',
      ...(await check('unknown-cloud', 'elsewhere', clouds)),
      says: [/regions\.west\.cloud/, /elsewhere/],
    },
    {
      what: 'wrong password',
      ...(await check(
        'wrong-password',
        'west',
        clouds.replaceAll(/password: .*/g, 'password: nope'),
      )),
      says: [/identity DOWN/, /password|credentials|401/i],
    },
    {
      what: 'unreachable endpoint',
      ...(await check('unreachable', 'west', clouds.replaceAll(':5000', ':5999'))),
      says: [/identity DOWN/, /5999|refused|no answer|reach/i],
    },
    {
      what: 'no configuration',
      dir: tmpdir(),
      args: ['--config', 'nowhere.yaml', 'config', 'check'],
      says: [/nowhere\.yaml/, /no such file/],
    },
  ];
}

async function brokenGroups(scene: Scene, group: string): Promise<readonly Case[]> {
  const apply = async (name: string, change: object) => {
    const file = join(scene.farshore.dir, `${name}.yaml`);
    const document = {
      kind: 'group',
      name,
      policy: `${group}-policy`,
      source: { region: 'east', project: 'demo' },
      members: [{ container: `${group}-parts` }],
      ...change,
    };
    await writeFile(file, JSON.stringify(document));
    return ['group', 'apply', '-f', file];
  };
  return [
    {
      what: 'unknown member',
      args: await apply('bad-member', { members: [{ volume: 'nobody' }] }),
      says: [/nobody/, /members/],
    },
    {
      what: 'unknown region',
      args: await apply('bad-region', { source: { region: 'north', project: 'demo' } }),
      says: [/north/, /region/],
    },
    {
      what: 'unknown project',
      args: await apply('bad-project', { source: { region: 'east', project: 'nobody' } }),
      says: [/nobody/, /project/],
    },
    {
      what: 'unknown field',
      args: await apply('bad-field', { membres: [] }),
      says: [/membres/, /members/],
    },
    {
      what: 'a member of another group',
      args: await apply('bad-owner', { members: [{ container: `${group}-docs` }] }),
      says: [new RegExp(`${group}-docs`)],
    },
    {
      what: 'a group that is not there',
      args: ['group', 'sync', 'nobody'],
      says: [/nobody/],
    },
  ];
}
