import { isAbort } from '../../../kernel/errors.ts';
import { isAlive } from './find-object.ts';
import type { Core } from './request.ts';

const periodMs = 5_000;

/** Deletes what has expired until the signal aborts; till then the listings still show it. */
export async function runExpirer(core: Core, signal: AbortSignal): Promise<void> {
  const { clock, log } = core.deps.ambient;
  while (!signal.aborted) {
    try {
      await clock.sleep(periodMs, signal);
      await expireAll(core);
    } catch (error) {
      if (isAbort(error)) return;
      log.error('expired objects could not be deleted', { error: String(error) });
    }
  }
}

async function expireAll(core: Core): Promise<void> {
  for await (const { account, container, name } of core.state.expired())
    await core.state.change(account, async (change) => {
      const record = await change.object(container, name);
      if (record !== undefined && !isAlive(core, record))
        await change.deleteObject(container, name);
    });
}
