import { systemClock } from '../../../kernel/clock.ts';
import type { ProgressSnapshot } from '../../../replicator/session/meter.ts';
import type { SessionSummary } from '../../model/types.ts';
import type { ApiClient } from '../api-client.ts';
import { tellOnInterrupt } from '../interrupt.ts';
import { describeProgress, ProgressLine } from '../progress-line.ts';

const pollMs = 500;
const endedPhases = new Set(['done', 'failed', 'superseded']);

/** Waits for a session's end and shows its progress on a terminal. */
export async function followSession(
  client: ApiClient,
  group: string,
  id: string,
): Promise<SessionSummary> {
  const leave = tellOnInterrupt(
    `It goes on in the controller.\n  to see it: farshore status, or farshore group show ${group}`,
  );
  const line = new ProgressLine();
  const told = new Set<string>();
  try {
    for (;;) {
      const { summary, progress } = await client.poll<{
        summary: SessionSummary;
        progress: ProgressSnapshot | null;
      }>(`/groups/${encodeURIComponent(group)}/sessions/${id}`);
      if (endedPhases.has(summary.phase)) return summary;
      tellStalled(progress, told, line);
      const moved = progress === null ? '' : ` ${describeProgress(progress)}`;
      line.draw(`${summary.phase}${moved}`);
      await systemClock.sleep(pollMs);
    }
  } finally {
    line.clear();
    leave();
  }
}

/** Once each, also where no line is drawn: somebody has to see to it. */
function tellStalled(
  progress: ProgressSnapshot | null,
  told: Set<string>,
  line: ProgressLine,
): void {
  for (const { subject, text, isStalled } of progress?.waiting ?? []) {
    if (!isStalled || told.has(text)) continue;
    told.add(text);
    line.clear();
    process.stderr.write(`warning: ${subject}: ${text}\n`);
  }
}
