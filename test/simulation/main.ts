import { Command } from 'commander';
import { numberFrom } from '../../controller/cli/number-option.ts';
import { commandOf } from './command.ts';
import { simulate, type Report } from './simulation.ts';

/** Runs seeds one after another, prints each that fails with how to see it again, then what happened how often. */
async function main(): Promise<void> {
  const options = new Command()
    .name('npm run test:simulation --')
    .option('--seeds <count>', 'how many', numberFrom(1, 1e9), 300)
    .option('--first-seed <seed>', 'where they begin', numberFrom(0, 1e9), 1)
    .option('--trace', 'print what happened in them', false)
    .parse()
    .opts<{ readonly seeds: number; readonly firstSeed: number; readonly trace: boolean }>();
  const totals = new Map<string, number>();
  const failed: number[] = [];
  const startMs = performance.now();
  for (let seed = options.firstSeed; seed < options.firstSeed + options.seeds; seed += 1) {
    const report = await simulate(seed, { isTraced: options.trace });
    if (options.trace) console.log(report.trace.join('\n'));
    for (const [name, by] of report.counts) totals.set(name, (totals.get(name) ?? 0) + by);
    if (report.violation !== null) failed.push(seed);
    tell(report);
    const done = seed + 1 - options.firstSeed;
    if (done % 500 === 0) console.log(`${done} seeds, ${failed.length} failed`);
  }
  const seconds = (performance.now() - startMs) / 1000;
  for (const [name, times] of [...totals].sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${String(times).padStart(10)}  ${name}`);
  console.log(
    `${options.seeds} seeds from ${options.firstSeed}: ${failed.length} failed, ${seconds.toFixed(1)} s, ${(options.seeds / seconds).toFixed(1)} seeds/s`,
  );
  process.exitCode = failed.length > 0 ? 1 : 0;
}

function tell({ seed, violation, hash }: Report): void {
  if (violation === null) return;
  console.log(`seed ${seed} (trace ${hash}): ${violation.message}\n  ${commandOf(seed)}`);
}

await main();
