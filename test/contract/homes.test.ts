import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';

const root = join(import.meta.dirname, '..');

/** A suite that one home forgot would be green there by not being run. */
describe('the contract’s homes', () => {
  for (const [home, declare] of [
    ['embedded', 'onEmbedded'],
    ['lab', 'onLab'],
  ] as const)
    it(`${home} runs every suite`, async () => {
      const files = await readdir(join(root, 'contract'));
      const homed = await readdir(join(root, home));
      const suites = files.filter(
        (file) => /^[a-z-]+\.ts$/.test(file) && file !== 'environment.ts',
      );
      expect(suites).to.have.length.greaterThan(10);
      for (const suite of suites) {
        const base = suite.replace(/\.ts$/, '');
        const file = homed.find((each) =>
          [`${base}.test.ts`, `${base}.more.test.ts`].includes(each),
        );
        const text = await readFile(join(root, home, file ?? `${base}.test.ts`), 'utf8');
        const name = new RegExp(`import \\{ (\\w+) \\} from '../contract/${suite}'`).exec(
          text,
        )?.[1];
        expect(text, suite).to.include(`\n${declare}(${name ?? '?'});`);
      }
    });
});
