import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import type { Execution } from '../../../runbooks/execution/types.ts';
import type { GroupStatus, SessionSummary } from '../../../controller/model/types.ts';
import type { Lab } from '../lab.ts';
import type { CliResult, Farshore } from './farshore.ts';

/** However busy the machine is: what does not come within it would end a test without saying what. */
export const patienceMs = 840_000;

/** A lab, a controller on it, and where measurements are told. */
export interface Scene {
  readonly lab: Lab;
  readonly farshore: Farshore;
  readonly say: (text: string) => void;
}

/** Replicates now; fails unless the session ended with a proven point. */
export async function sync(scene: Scene, group: string, title: string): Promise<SessionSummary> {
  const session = await scene.farshore.json<SessionSummary>('group', 'sync', group);
  tellSession(scene, title, session);
  return session;
}

export function tellSession(scene: Scene, title: string, session: SessionSummary): void {
  const { bytes, objects } = session.moved;
  const runs = session.runs > 1 ? `, ${session.runs} runs` : '';
  scene.say(
    `${title}: ${seconds(session)} s, ${bytes} bytes and ${objects} objects shipped${runs}`,
  );
}

export function points(scene: Scene, group: string): Promise<readonly RecoveryPoint[]> {
  return scene.farshore.json('point', 'list', group);
}

export async function statusOf(scene: Scene, group: string): Promise<GroupStatus> {
  return (await scene.farshore.json<{ status: GroupStatus }>('group', 'show', group)).status;
}

export interface Report {
  readonly cli: CliResult;
  readonly execution: Execution;
}

/** Runs a drill or failover to its end, whatever that is, and gives the execution behind it. */
export async function runRunbook(
  scene: Scene,
  command: 'drill' | 'failover',
  group: string,
  ...flags: readonly string[]
): Promise<Report> {
  const yes = command === 'failover' ? ['--yes'] : [];
  const cli = await scene.farshore.cli(command, group, ...yes, ...flags);
  const [execution] = await scene.farshore.json<readonly Execution[]>(
    'execution',
    'list',
    '--group',
    group,
  );
  if (execution === undefined)
    throw new Error(`${command} of ${group} left no execution: ${cli.stderr}`);
  return { cli, execution };
}

/** RPO and RTO, and each step's seconds. */
export function tellExecution(scene: Scene, title: string, execution: Execution): void {
  const { result, rpoSeconds, rtoSeconds, point } = execution;
  scene.say(
    `${title}: ${result ?? '-'}, point ${point ?? '-'}, RPO ${rpoSeconds ?? '-'} s, RTO ${rtoSeconds ?? '-'} s`,
  );
  for (const step of execution.steps) {
    if (step.startedAt === undefined || step.endedAt === undefined) continue;
    scene.say(`  ${step.state} ${step.title}: ${secondsBetween(step.startedAt, step.endedAt)} s`);
    for (const note of step.notes) scene.say(`    ${note}`);
  }
}

function seconds({ startedAt, endedAt }: SessionSummary): string {
  return endedAt === null ? '-' : secondsBetween(startedAt, endedAt);
}

function secondsBetween(start: string, end: string): string {
  return ((Date.parse(end) - Date.parse(start)) / 1000).toFixed(1);
}
