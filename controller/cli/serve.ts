import { describeError } from '../../kernel/errors.ts';
import { createApp } from '../api/app.ts';
import { listen } from '../api/server.ts';
import { createController } from '../compose/controller.ts';
import { createLog } from '../compose/pino-log.ts';
import { loadConfig } from '../config/load-config.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { stopSignal } from './stop-signal.ts';

/**
 * The address is taken before the work of earlier runs is taken up, so that /readyz can say that it
 * is not there yet. SIGTERM and SIGINT stop politely; whatever is under way goes on at the next start.
 */
export async function serve(path: string, version: string): Promise<void> {
  const stopped = stopSignal();
  const config = await loadConfig({ path, cwd: process.cwd(), env: process.env });
  const metrics = createMetrics();
  const controller = await createController({ config, version, observer: metrics.observer });
  const log = createLog(config.log.level);
  const app = createApp({ service: controller.service, metrics, log, version });
  try {
    const server = await listen(app, config.api.host, config.api.port);
    process.stderr.write(`farshore ${version} listens on ${server.url}\n`);
    // Not awaited: a store that has no majority keeps it waiting, and this process is still to be stopped.
    const started = controller.start().then(() => new Promise<undefined>(() => undefined));
    const failure = await Promise.race([stopped, controller.failure, started]);
    if (failure !== undefined) {
      process.stderr.write(`farshore: ${describeError(failure)}\n`);
      process.exitCode = 1;
    }
    await server.close();
  } finally {
    await controller.stop();
  }
}
