import { appendFileSync } from 'node:fs';

import Mocha from 'mocha';

/**
 * Mocha's usual output, and the counts of this run as one line of JSON at the end of the file that
 * FARSHORE_TEST_SUMMARY names: so several runs can be added up without reading what they print.
 */
export default class SummaryReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const path = process.env['FARSHORE_TEST_SUMMARY'];
    if (path === undefined) return;
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      appendFileSync(path, `${JSON.stringify({ passes, failures, pending })}\n`);
    });
  }
}
