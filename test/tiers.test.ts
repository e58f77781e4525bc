import { globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { expect } from 'chai';

const root = join(import.meta.dirname, '..');

interface Settings {
  readonly spec: readonly string[];
  readonly ignore?: readonly string[];
}

/** Each command that runs tests, and what says which. */
const tiers = {
  'npm test': '.mocharc.json',
  'npm run test:more': '.mocharc.more.json',
  'npm run test:lab:core': 'test/lab/.mocharc.core.json',
  'npm run test:lab:full': 'test/lab/.mocharc.full.json',
};

/** In the order in which mocha hands them out; a file that two patterns name would run twice. */
function filesOf(config: string): readonly string[] {
  const { spec, ignore = [] } = JSON.parse(readFileSync(join(root, config), 'utf8')) as Settings;
  return spec.flatMap((pattern) => {
    // Mocha takes braces for part of a name where there is no other pattern.
    expect(pattern.includes('*') || !pattern.includes('{'), `${config}: ${pattern}`).to.equal(true);
    const files = globSync(pattern, { cwd: root })
      .filter((file) => !ignore.some((ignored) => matchesGlob(file, ignored)))
      .sort();
    expect(files, `${config}: ${pattern}`).not.to.be.empty;
    return files;
  });
}

describe('the tiers of tests', () => {
  it('have every test file, each once', () => {
    const commandsOf = new Map<string, string[]>(
      globSync('test/**/*.test.ts', { cwd: root }).map((file) => [file, []]),
    );
    expect(commandsOf.size).to.be.above(150);
    for (const [command, config] of Object.entries(tiers))
      for (const file of filesOf(config)) commandsOf.get(file)?.push(command);
    const wrong = [...commandsOf].filter(([, commands]) => commands.length !== 1);
    expect(filesOf('test/lab/.mocharc.json'), 'npm run test:lab').to.deep.equal([
      ...filesOf(tiers['npm run test:lab:core']),
      ...filesOf(tiers['npm run test:lab:full']),
    ]);
    expect(
      Object.fromEntries(wrong),
      `each belongs in one of ${Object.values(tiers).join(', ')}`,
    ).to.deep.equal({});
  });

  it('have no test outside a suite, which mocha would run before all files', () => {
    const bare = globSync('test/**/*.ts', { cwd: root }).filter((file) =>
      /^it\(/m.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(bare).to.deep.equal([]);
  });

  it('begin with what takes longest, so that no process is left alone with it in the end', () => {
    const files = filesOf(tiers['npm test']);
    const isLong = (file: string): boolean =>
      /^test\/(embedded|simulation|regions\/embedded)\//.test(file);
    const firstShort = files.findIndex((file) => !isLong(file));
    expect(files.findLastIndex(isLong)).to.be.below(firstShort);
    expect(files[0]).to.equal('test/embedded/runbooks.test.ts');
  });
});
