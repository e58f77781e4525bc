import { resourceKey, type Capture, type Copy, type Depth, type Previous } from '../mover.ts';
import type { ResourceRef, Verification } from '../mover.ts';
import type { LackingResource, PointManifest } from '../point/types.ts';
import type { Session, SessionError, SessionPhase } from './types.ts';

/** What happened to a session. All carry the time and what crossed to the secondary since the last one. */
export type SessionEvent = Happening & { readonly at: string; readonly moved?: Session['moved'] };

export type Happening =
  | { readonly type: 'taken-up' }
  | { readonly type: 'captured'; readonly key: string; readonly capture: Capture }
  | {
      readonly type: 'shipped';
      readonly key: string;
      readonly copy: Copy;
      /** What was sent or copied for it. */
      readonly work?: Session['moved'];
    }
  | {
      readonly type: 'verified';
      readonly key: string;
      readonly verification: Verification;
      /** The serial of the newest check when reading began. */
      readonly since: number;
    }
  | { readonly type: 'gave-up'; readonly key: string; readonly failure: SessionError }
  | {
      readonly type: 'sealed';
      readonly manifest: { readonly object: string; readonly sha256: string };
      readonly previous: PointManifest['previous'];
      readonly changes?: Session['changes'];
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
      readonly repair: Previous | null;
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
const maxRepairs = 2;

export function isEnded(phase: SessionPhase): boolean {
  return allowed[phase].length === 0;
}

/** The state after the event, to be saved before anything that `due` names for it is done. */
export function advance(session: Session, event: SessionEvent): Session {
  if (!allowed[session.phase].includes(event.type))
    throw new RangeError(`session ${session.id}: ${event.type} while ${session.phase}`);
  const moved = sum(session.moved, event.moved);
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
      const taken = { ...session, runs: session.runs + 1 };
      // What goes into the point is settled then, and may be written already.
      if (session.phase === 'committing' || session.phase === 'expiring') return taken;
      // The cut begins with the first capture; what was given up may go well now.
      const phase = phaseAgain(session);
      return { ...taken, failures: {}, phase, cutStart: session.cutStart ?? event.at };
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
        work: { ...session.work, [event.key]: sum(session.work?.[event.key], event.work) },
        verifications: Object.fromEntries(checked),
      };
    }
    case 'verified':
      return {
        ...session,
        verifications: { ...session.verifications, [event.key]: event.verification },
        verifiedSince: { ...session.verifiedSince, [event.key]: event.since },
      };
    case 'gave-up':
      return { ...session, failures: { ...session.failures, [event.key]: event.failure } };
    case 'sealed':
      return {
        ...session,
        manifest: event.manifest,
        previous: event.previous,
        changes: event.changes ?? [],
      };
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
    return { ...ended(session, 'failed', at), error: withoutResources(session) };
  if (due(session).length > 0) return session;
  switch (session.phase) {
    case 'capturing':
      return settledOr(session, session.captures, 'shipping', at);
    case 'shipping':
      return settledOr(session, session.copies, 'verifying', at);
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

/** Goes on with what was not given up; without any of it the session has failed. */
function settledOr(
  session: Session,
  entries: Readonly<Record<string, unknown>>,
  next: SessionPhase,
  at: string,
): Session {
  const isAnyLeft = heldKeys(session).some((key) => entries[key] !== undefined);
  return isAnyLeft ? settled({ ...session, phase: next }, at) : failedFor(session, at);
}

/**
 * What is damaged is shipped again: what a listing shows, and then what reading all of it shows besides.
 * What is damaged after that is given up: the point lacks it, and everything else is recovered from it.
 */
function afterVerifying(session: Session, at: string): Session {
  const damaged = heldKeys(session).filter((key) => isDamaged(session.verifications[key]));
  if (damaged.length > 0 && session.repairs < maxRepairs)
    return { ...session, phase: 'shipping', repairs: session.repairs + 1 };
  const given = Object.fromEntries(damaged.map((key) => [key, stillDamaged(session, key)]));
  const left = { ...session, failures: { ...session.failures, ...given } };
  return heldKeys(left).length === 0 ? failedFor(left, at) : complete(left);
}

function stillDamaged({ verifications, targetRegion }: Session, key: string): SessionError {
  const { findings = [], damaged = 0 } = verifications[key] ?? {};
  const [first] = findings;
  const shown = first === undefined ? '' : `, the first: ${first.subject} ${first.problem}`;
  const message = `still damaged in ${targetRegion} after being shipped again: ${damaged} found${shown}`;
  return { code: 'session.damaged', message };
}

/** The last gate before a point: what is not given up has its copy, and each was checked and is whole. */
function complete(session: Session): Session {
  for (const key of heldKeys(session)) {
    const isChecked = session.copies[key] !== undefined && session.verifications[key] !== undefined;
    if (!isChecked || isDamaged(session.verifications[key]))
      throw new RangeError(`session ${session.id}: ${key} is neither whole nor given up`);
  }
  return { ...session, phase: 'committing' };
}

/** Resource keys of what goes into the point: all that was not given up. */
export function heldKeys(session: Pick<Session, 'resources' | 'failures'>): readonly string[] {
  return session.resources.map(resourceKey).filter((key) => session.failures?.[key] === undefined);
}

/** What the point lacks: known from the start, or given up. */
export function lacksOf(
  session: Pick<Session, 'resources' | 'lacking' | 'failures'>,
): readonly LackingResource[] {
  const given = session.resources.flatMap((resource) => {
    const failure = session.failures?.[resourceKey(resource)];
    return failure === undefined ? [] : [{ resource, ...failure }];
  });
  return [...given, ...session.lacking];
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
    else if (verification !== undefined && verification.damaged > 0)
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

/** Where what was given up before the crash is tried again, or the point would lack a resource for nothing. */
function phaseAgain(session: Session): SessionPhase {
  const keys = session.resources.map(resourceKey);
  if (keys.some((key) => session.captures[key] === undefined)) return 'capturing';
  const isUnshipped = keys.some((key) => session.copies[key] === undefined);
  return isUnshipped && session.phase === 'verifying' ? 'shipping' : session.phase;
}

function isDamaged(verification: Verification | undefined): boolean {
  return verification !== undefined && verification.damaged > 0;
}

function sum(a: Session['moved'] = nothing, b: Session['moved'] = nothing): Session['moved'] {
  return { bytes: a.bytes + b.bytes, objects: a.objects + b.objects };
}

const nothing = Object.freeze({ bytes: 0, objects: 0 });

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

/** Nothing can be copied: there are no members, or none that can be used. */
function withoutResources({ lacking }: Session): SessionError {
  const message = lacking.map((each) => `${each.resource.name}: ${each.message}`).join('; ');
  if (lacking.length > 0) return { code: 'session.nothing-usable', message };
  return {
    code: 'session.nothing-to-protect',
    message: 'the group has no resources: name them, or correct the selector that matches none',
  };
}
