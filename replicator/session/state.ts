import { resourceKey, type Capture, type Copy, type Depth, type Previous } from '../mover.ts';
import type { ResourceRef, Verification } from '../mover.ts';
import type { PointManifest } from '../point/types.ts';
import type { Session, SessionError, SessionPhase } from './types.ts';

/** What happened to a session. All carry the time and what crossed to the secondary since the last one. */
export type SessionEvent = Happening & { readonly at: string; readonly moved?: Session['moved'] };

export type Happening =
  | { readonly type: 'taken-up' }
  | { readonly type: 'captured'; readonly key: string; readonly capture: Capture }
  | { readonly type: 'shipped'; readonly key: string; readonly copy: Copy }
  | { readonly type: 'verified'; readonly key: string; readonly verification: Verification }
  | { readonly type: 'gave-up'; readonly key: string; readonly failure: SessionError }
  | {
      readonly type: 'sealed';
      readonly manifest: { readonly object: string; readonly sha256: string };
      readonly previous: PointManifest['previous'];
    }
  | { readonly type: 'committed' }
  | { readonly type: 'expired'; readonly warnings: number }
  | { readonly type: 'failed'; readonly error: SessionError }
  | { readonly type: 'superseded'; readonly error: SessionError };

/** What is to be done next. Each is idempotent, and those of one answer may run side by side. */
export type SessionEffect =
  | { readonly type: 'capture'; readonly resource: ResourceRef }
  | {
      readonly type: 'ship';
      readonly capture: Capture;
      /** Set in the repair round: this session's own copy, and what is wrong with it. */
      readonly repair: Previous<Copy> | null;
    }
  | {
      readonly type: 'verify';
      readonly copy: Copy;
      /** `content`, or null where what is known of the newest point decides. */
      readonly depth: Depth | null;
    }
  | { readonly type: 'commit' }
  | { readonly type: 'clean-up' };

/** Which event may happen in which phase; whatever else is a fault of the program and throws. */
const allowed: Readonly<Record<SessionPhase, readonly SessionEvent['type'][]>> = {
  capturing: ['taken-up', 'captured', 'gave-up', 'failed', 'superseded'],
  shipping: ['taken-up', 'shipped', 'gave-up', 'failed', 'superseded'],
  verifying: ['taken-up', 'verified', 'gave-up', 'failed', 'superseded'],
  committing: ['taken-up', 'sealed', 'committed', 'failed', 'superseded'],
  expiring: ['taken-up', 'expired', 'failed', 'superseded'],
  done: [],
  failed: [],
  superseded: [],
};

/** Damage that is found is shipped again this often; what is still damaged then is not a passing fault. */
const maxRepairs = 1;

export function isEnded(phase: SessionPhase): boolean {
  return allowed[phase].length === 0;
}

/** The state after the event, to be saved before anything that `due` names for it is done. */
export function advance(session: Session, event: SessionEvent): Session {
  if (!allowed[session.phase].includes(event.type))
    throw new RangeError(`session ${session.id}: ${event.type} while ${session.phase}`);
  const { bytes, objects } = event.moved ?? { bytes: 0, objects: 0 };
  const moved = {
    bytes: session.moved.bytes + bytes,
    objects: session.moved.objects + objects,
  };
  return settled(applied({ ...session, moved }, event), event.at);
}

/** What the state asks for; the same after a crash as before it. */
export function due(session: Session): readonly SessionEffect[] {
  switch (session.phase) {
    case 'capturing':
      return openKeys(session, session.captures).map(({ resource }) => ({
        type: 'capture',
        resource,
      }));
    case 'shipping':
      return toShip(session);
    case 'verifying':
      return openKeys(session, session.verifications).flatMap(({ key }) => {
        const copy = session.copies[key];
        return copy === undefined
          ? []
          : [{ type: 'verify', copy, depth: session.repairs > 0 ? 'content' : null } as const];
      });
    case 'committing':
      return [{ type: 'commit' }];
    case 'expiring':
      return [{ type: 'clean-up' }];
    case 'done':
    case 'failed':
    case 'superseded':
      return [];
  }
}

function applied(session: Session, event: SessionEvent): Session {
  switch (event.type) {
    case 'taken-up': {
      // The cut begins with the first capture; what was given up may go well now.
      const taken = { ...session, failures: {}, runs: session.runs + 1 };
      const phase = isWithoutCapture(session) ? 'capturing' : session.phase;
      return { ...taken, phase, cutStart: session.cutStart ?? event.at };
    }
    case 'captured':
      return {
        ...session,
        captures: { ...session.captures, [event.key]: event.capture },
        cutEnd: event.at,
      };
    case 'shipped': {
      // The new copy was not checked yet, whatever was found in the one that it replaces.
      const checked = Object.entries(session.verifications).filter(([key]) => key !== event.key);
      return {
        ...session,
        copies: { ...session.copies, [event.key]: event.copy },
        verifications: Object.fromEntries(checked),
      };
    }
    case 'verified':
      return {
        ...session,
        verifications: { ...session.verifications, [event.key]: event.verification },
      };
    case 'gave-up':
      return { ...session, failures: { ...session.failures, [event.key]: event.failure } };
    case 'sealed':
      return { ...session, manifest: event.manifest, previous: event.previous };
    case 'committed':
      return { ...session, phase: 'expiring' };
    case 'expired':
      return { ...ended(session, 'done', event.at), warnings: event.warnings };
    case 'failed':
      return { ...ended(session, 'failed', event.at), error: event.error };
    case 'superseded':
      return { ...ended(session, 'superseded', event.at), error: event.error };
  }
}

/** The next phase once nothing of this one is left to do. */
function settled(session: Session, at: string): Session {
  if (session.resources.length === 0 && session.phase === 'capturing')
    return { ...ended(session, 'failed', at), error: nothingToProtect };
  if (due(session).length > 0) return session;
  switch (session.phase) {
    case 'capturing':
      // What was captured is shipped even when the rest failed: it is present next time.
      return Object.keys(session.captures).length === 0
        ? failedFor(session, at)
        : settled({ ...session, phase: 'shipping' }, at);
    case 'shipping':
      return hasFailures(session)
        ? failedFor(session, at)
        : settled({ ...session, phase: 'verifying' }, at);
    case 'verifying':
      return afterVerifying(session, at);
    case 'committing':
    case 'expiring':
    case 'done':
    case 'failed':
    case 'superseded':
      return session;
  }
}

function afterVerifying(session: Session, at: string): Session {
  if (hasFailures(session)) return failedFor(session, at);
  const damaged = Object.values(session.verifications).filter(isDamaged);
  if (damaged.length === 0) return complete(session);
  if (session.repairs < maxRepairs)
    return { ...session, phase: 'shipping', repairs: session.repairs + 1 };
  const first = damaged.flatMap((verification) => verification.findings)[0];
  const count = damaged.reduce((sum, verification) => sum + verification.damaged, 0);
  const shown = first === undefined ? '' : `, the first: ${first.subject} ${first.problem}`;
  const message = `still damaged in ${session.targetRegion} after being shipped again: ${count} found${shown}`;
  return { ...ended(session, 'failed', at), error: { code: 'session.damaged', message } };
}

/** The last gate before a point: every resource has its copy, and each was checked. */
function complete(session: Session): Session {
  for (const key of session.resources.map(resourceKey))
    if (session.copies[key] === undefined || session.verifications[key] === undefined)
      throw new RangeError(`session ${session.id}: ${key} is neither whole nor given up`);
  return { ...session, phase: 'committing' };
}

function toShip(session: Session): readonly SessionEffect[] {
  const effects: SessionEffect[] = [];
  for (const resource of session.resources) {
    const key = resourceKey(resource);
    const capture = session.captures[key];
    if (capture === undefined || session.failures?.[key] !== undefined) continue;
    const copy = session.copies[key];
    const verification = session.verifications[key];
    if (copy === undefined) effects.push({ type: 'ship', capture, repair: null });
    else if (verification !== undefined && isDamaged(verification))
      effects.push({ type: 'ship', capture, repair: { copy, damage: verification.findings } });
  }
  return effects;
}

/** Resources that have no entry yet and were not given up. */
function openKeys(
  session: Session,
  entries: Readonly<Record<string, unknown>>,
): { readonly key: string; readonly resource: ResourceRef }[] {
  return session.resources
    .map((resource) => ({ key: resourceKey(resource), resource }))
    .filter(({ key }) => entries[key] === undefined && session.failures?.[key] === undefined);
}

/** A capture was given up before the crash: it is tried again, or the point would lack a resource. */
function isWithoutCapture(session: Session): boolean {
  return (
    session.phase === 'shipping' &&
    session.resources.some((resource) => session.captures[resourceKey(resource)] === undefined)
  );
}

function hasFailures(session: Session): boolean {
  return Object.keys(session.failures ?? {}).length > 0;
}

function isDamaged(verification: Verification): boolean {
  return verification.damaged > 0;
}

function ended(session: Session, phase: SessionPhase, at: string): Session {
  return { ...session, phase, endedAt: at };
}

function failedFor(session: Session, at: string): Session {
  const failures = Object.entries(session.failures ?? {});
  const [only] = failures;
  const code =
    failures.length === 1 && only !== undefined ? only[1].code : 'session.resources-failed';
  const message = failures.map(([key, { message }]) => `${key}: ${message}`).join('; ');
  return { ...ended(session, 'failed', at), error: { code, message } };
}

const nothingToProtect: SessionError = {
  code: 'session.nothing-to-protect',
  message: 'the group has no resources: name them, or correct the selector that matches none',
};
