import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createController } from '../../../controller/compose/controller.ts';
import type { RegionSettings } from '../../../controller/config/config.ts';
import type { SessionSummary } from '../../../controller/model/types.ts';
import type { ControllerService } from '../../../controller/service.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import type { ProgressSnapshot } from '../../../replicator/session/meter.ts';
import type { Execution } from '../../../runbooks/execution/types.ts';
import { collect } from '../../support/rejection.ts';
import type { Environment, RegionName } from '../environment.ts';
import { configOf } from './open.ts';

/** What is done to a session, once it has come so far. */
export interface Interruption {
  readonly once: (progress: ProgressSnapshot) => boolean;
  readonly work: () => Promise<void>;
}

/** The whole controller in this process, asked as its API asks it. */
export class RunningController {
  readonly service: ControllerService;
  readonly #environment: Environment;
  readonly #end: () => Promise<void>;

  private constructor(
    service: ControllerService,
    environment: Environment,
    end: () => Promise<void>,
  ) {
    this.service = service;
    this.#environment = environment;
    this.#end = end;
  }

  static async start(environment: Environment, bank: string): Promise<RunningController> {
    const dataDir = await mkdtemp(join(tmpdir(), 'farshore-contract-'));
    const settings = (name: RegionName): [string, RegionSettings] => [
      name,
      { ...configOf(environment, name), bank: { container: bank } },
    ];
    const config = {
      file: '',
      dataDir,
      api: { host: '127.0.0.1', port: 0 },
      log: { level: 'error' },
      limits: { sessions: 2, resources: 4 },
      regions: new Map([settings('east'), settings('west')]),
    } as const;
    const { ambient } = environment;
    const controller = await createController({ config, ambient, version: 'test' });
    await controller.start();
    return new RunningController(controller.service, environment, async () => {
      await controller.stop();
      await rm(dataDir, { recursive: true });
    });
  }

  /** A session from its start to its end. Fails unless it ended well, after it was interrupted. */
  async sync(group: string, interruption?: Interruption): Promise<SessionSummary> {
    const { id } = await this.service.syncGroup(group);
    let isDue = interruption !== undefined;
    for (;;) {
      const { summary, progress } = await this.service.session(group, id);
      if (isDue && progress !== null && interruption?.once(progress) === true) {
        isDue = false;
        await interruption.work();
      }
      if (summary.endedAt !== null && isDue) throw new Error('it ended before its interruption');
      if (summary.phase === 'done') return summary;
      if (summary.endedAt !== null) throw new Error(JSON.stringify(summary));
      await this.#environment.ambient.clock.sleep(100);
    }
  }

  /** From the order to the end, whatever that is. */
  async run(
    mode: 'drill' | 'failover',
    group: string,
    params: Readonly<Record<string, unknown>> = {},
  ): Promise<Execution> {
    const { runner } = this.service;
    const order = { runbook: mode, mode, group, dryRun: false, params };
    const { id } = await runner.start(order);
    const states = await collect(runner.watch(id, new AbortController().signal));
    const execution = states.at(-1)!;
    const { result, rpoSeconds, rtoSeconds } = execution;
    this.#environment.say(`${mode}: ${result}, RPO ${rpoSeconds} s, RTO ${rtoSeconds} s`);
    return execution;
  }

  /** Newest first. */
  points(group: string): Promise<readonly RecoveryPoint[]> {
    return this.service.listPoints(group);
  }

  end(): Promise<void> {
    return this.#end();
  }
}
