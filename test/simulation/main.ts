import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Command } from 'commander';
import { numberFrom } from '../../controller/cli/number-option.ts';
import { commandOf } from './command.ts';
import type { Batch } from './seeds-worker.ts';
import type { Report } from './simulation.ts';

/** A worker's memory grows with each seed, and goes with the worker: Node keeps what waits for a signal that never comes. */
const batchSeeds = 100;

/** Runs seeds on all cores, prints each that fails with how to see it again, then what happened how often. */
async function main(): Promise<void> {
  const options = new Command()
    .name('npm run test:simulation --')
    .option('--seeds <count>', 'how many', numberFrom(1, 1e9), 300)
    .option('--first-seed <seed>', 'where they begin', numberFrom(0, 1e9), 1)
    .option('--trace', 'print what happened in them', false)
    .parse()
    .opts<{ readonly seeds: number; readonly firstSeed: number; readonly trace: boolean }>();
  const totals = new Map<string, number>();
  let done = 0;
  let failed = 0;
  const hear = (report: Report): void => {
    if (options.trace) console.log(report.trace.join('\n'));
    for (const [name, by] of report.counts) totals.set(name, (totals.get(name) ?? 0) + by);
    if (report.violation !== null) failed += 1;
    tell(report);
    done += 1;
    if (done % 500 === 0) console.log(`${done} seeds, ${failed} failed`);
  };
  const startMs = performance.now();
  const batches = batchesOf(options);
  const worker = async (): Promise<void> => {
    for (const batch of batches) await simulated(batch, hear);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  const seconds = (performance.now() - startMs) / 1000;
  for (const [name, times] of [...totals].sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`${String(times).padStart(10)}  ${name}`);
  console.log(
    `${done} seeds from ${options.firstSeed}: ${failed} failed, ${seconds.toFixed(1)} s, ${(done / seconds).toFixed(1)} seeds/s`,
  );
  process.exitCode = failed > 0 || done < options.seeds ? 1 : 0;
}

/** One after another, to whoever asks for the next. */
function* batchesOf(options: {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly trace: boolean;
}): Generator<Batch> {
  const end = options.firstSeed + options.seeds;
  for (let first = options.firstSeed; first < end; first += batchSeeds)
    yield { first, count: Math.min(batchSeeds, end - first), isTraced: options.trace };
}

function simulated(batch: Batch, hear: (report: Report) => void): Promise<void> {
  const worker = new Worker(new URL('seeds-worker.ts', import.meta.url), { workerData: batch });
  return new Promise((resolve, reject) => {
    worker
      .on('message', hear)
      .once('error', reject)
      .once('exit', () => resolve());
  });
}

function tell({ seed, violation, hash }: Report): void {
  if (violation === null) return;
  console.log(`seed ${seed} (trace ${hash}): ${violation.message}\n  ${commandOf(seed)}`);
}

await main();
