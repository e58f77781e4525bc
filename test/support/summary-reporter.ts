import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';

import Mocha from 'mocha';

const { EVENT_HOOK_END, EVENT_RUN_END, EVENT_TEST_END, EVENT_TEST_FAIL } = Mocha.Runner.constants;

/**
 * Mocha's usual output, and this run as lines of JSON at the end of the file that
 * FARSHORE_TEST_SUMMARY names, so that several runs can be added up without reading what they print:
 * `{file, ms}` for each test file, in the order of their ends, then `{passes, failures, pending}`.
 *
 * A file's time is that of its tests and hooks. A hook that fails counts too: a file whose `before`
 * ran into its limit is among the longest.
 */
export default class SummaryReporter extends Mocha.reporters.Spec {
  readonly #msByFile = new Map<string, number>();

  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const path = process.env['FARSHORE_TEST_SUMMARY'];
    if (path === undefined) return;
    runner.on(EVENT_TEST_END, (test) => this.#add(test));
    runner.on(EVENT_HOOK_END, (hook) => this.#add(hook));
    runner.on(EVENT_TEST_FAIL, (failed: Mocha.Test | Mocha.Hook) => {
      if (failed.type === 'hook') this.#add(failed);
    });
    runner.once(EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const files = [...this.#msByFile].map(([file, ms]) => ({ file, ms }));
      const lines = [...files, { passes, failures, pending }].map((line) => JSON.stringify(line));
      appendFileSync(path, `${lines.join('\n')}\n`);
    });
  }

  #add({ file, duration = 0 }: Mocha.Runnable): void {
    if (file === undefined) return;
    const name = relative(process.cwd(), file);
    this.#msByFile.set(name, (this.#msByFile.get(name) ?? 0) + duration);
  }
}
