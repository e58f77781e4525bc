import { systemClock } from '../../../kernel/clock.ts';
import type { ProgressSnapshot } from '../../../replicator/session/meter.ts';
import type { SessionSummary } from '../../model/types.ts';
import type { ApiClient } from '../api-client.ts';
import { describeProgress, ProgressLine } from '../progress-line.ts';

const pollMs = 500;
const endedPhases = new Set(['done', 'failed', 'superseded']);

/** Waits for a session's end and shows its progress on a terminal. */
export async function followSession(
  client: ApiClient,
  group: string,
  id: string,
): Promise<SessionSummary> {
  const line = new ProgressLine();
  for (;;) {
    const { summary, progress } = await client.get<{
      summary: SessionSummary;
      progress: ProgressSnapshot | null;
    }>(`/groups/${encodeURIComponent(group)}/sessions/${id}`);
    if (endedPhases.has(summary.phase)) {
      line.clear();
      return summary;
    }
    const moved = progress === null ? '' : ` ${describeProgress(progress)}`;
    line.draw(`${summary.phase}${moved}`);
    await systemClock.sleep(pollMs);
  }
}
