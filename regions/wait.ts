import type { Clock } from '../kernel/clock.ts';
import { FarshoreError } from '../kernel/errors.ts';
import { waitFor } from '../kernel/wait.ts';

const longestPauseMs = 5_000;

/** Anything that a service changes step by step; Cinder's backups say why they failed. */
interface HasStatus {
  readonly status: string;
  readonly failReason?: string | null;
}

interface WaitOptions<T> {
  readonly clock: Clock;
  /** Null when the thing does not exist. Its own errors, a region that went away among them, end the wait. */
  readonly get: (signal?: AbortSignal) => Promise<T | null>;
  /** What is being waited for, as a verb phrase and a name or id. */
  readonly operation: string;
  readonly subject: string;
  /** Gives up after so long in one status. */
  readonly stillMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks until the status is one of `done`, first every 0.5 s and ever more slowly up to 5 s, and gives
 * the thing as it was then. Any status that begins with `error`, and those in `failed`, end it with
 * `region.work-failed`, the service's own reason in the message; `region.vanished` when the thing is
 * gone; `region.wait-timeout` (transient: the service may still finish) after `stillMs` in one status.
 */
export async function waitForStatus<T extends HasStatus>(
  options: WaitOptions<T> & {
    readonly done: readonly string[];
    readonly failed?: readonly string[];
  },
): Promise<T> {
  return poll(options, (thing) => {
    if (thing === null) throw vanished(options);
    if (options.done.includes(thing.status)) return thing;
    if (thing.status.startsWith('error') || options.failed?.includes(thing.status))
      throw workFailed(options, thing);
    return undefined;
  });
}

/** The same for a deletion: done when there is nothing any more. */
export async function waitUntilGone(options: WaitOptions<HasStatus>): Promise<void> {
  await poll(options, (thing) => {
    if (thing === null) return true;
    if (thing.status.startsWith('error')) throw workFailed(options, thing);
    return undefined;
  });
}

/** `judge` gives the result, `undefined` to go on, or throws. */
function poll<T extends HasStatus, R>(
  options: WaitOptions<T>,
  judge: (thing: T | null) => R | undefined,
): Promise<R> {
  const { clock, operation, subject, stillMs, signal } = options;
  const wait = {
    operation,
    subject,
    stillMs,
    code: 'region.wait-timeout',
    hint: 'check that the service that does the work is running in that region',
    longestPauseMs,
  };
  return waitFor(clock, wait, signal, async (sees) => {
    const thing = await options.get(signal);
    sees(thing?.status ?? 'missing');
    return judge(thing);
  });
}

type About = Pick<WaitOptions<HasStatus>, 'operation' | 'subject'>;

function workFailed(about: About, thing: HasStatus): FarshoreError {
  const reason = thing.failReason ?? '';
  return new FarshoreError(
    `the service took it to the status ${thing.status}${reason === '' ? '' : `: ${reason}`}`,
    {
      code: 'region.work-failed',
      kind: 'permanent',
      operation: about.operation,
      subject: about.subject,
      hint: "the service's own log says more; search it for the id",
    },
  );
}

function vanished(about: About): FarshoreError {
  return new FarshoreError('it does not exist any more', {
    code: 'region.vanished',
    kind: 'permanent',
    operation: about.operation,
    subject: about.subject,
    hint: 'someone deleted it while Farshore waited for it',
  });
}
