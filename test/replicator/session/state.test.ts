import { expect } from 'chai';
import type { Copy, Verification } from '../../../replicator/mover.ts';
import {
  advance,
  due,
  heldKeys,
  isEnded,
  lacksOf,
  type Happening,
} from '../../../replicator/session/state.ts';
import { countNotWhole } from '../../../replicator/session/point.ts';
import type { Session, SessionPhase } from '../../../replicator/session/types.ts';
import { copyOf } from '../../support/memory/copies.ts';
import { container, image } from './harness.ts';

const at = '2026-11-21T08:00:00Z';

const fresh: Session = {
  id: 's',
  pointId: 's',
  group: 'shop',
  generation: 1,
  sourceRegion: 'east',
  targetRegion: 'west',
  resources: [image, container],
  lacking: [],
  phase: 'capturing',
  runs: 0,
  startedAt: at,
  captures: {},
  copies: {},
  verifications: {},
  repairs: 0,
  moved: { bytes: 0, objects: 0 },
};

function after(session: Session, ...happenings: Happening[]): Session {
  return happenings.reduce((state, happening) => advance(state, { ...happening, at }), session);
}

function captured(resource: typeof image): Happening {
  const capture = { kind: 'container', resource, dataTime: at, objects: 1 };
  return { type: 'captured', key: keyOf(resource), capture };
}

function shipped(resource: typeof image): Happening {
  return { type: 'shipped', key: keyOf(resource), copy: copyOf(resource, 'x', at) };
}

function verified(resource: typeof image, damaged = 0): Happening {
  const finding = {
    resource: keyOf(resource),
    subject: 'x',
    problem: 'missing',
    detail: '',
  } as const;
  const findings = damaged === 0 ? [] : [finding];
  const verification: Verification = { depth: 'content', objects: 1, bytes: 1, findings, damaged };
  return { type: 'verified', key: keyOf(resource), verification, since: 1 };
}

function gaveUp(resource: typeof image): Happening {
  return { type: 'gave-up', key: keyOf(resource), failure: { code: 'x.y', message: 'no' } };
}

const keyOf = (resource: typeof image): string => `${resource.kind}/${resource.id}`;
const takenUp: Happening = { type: 'taken-up' };
const seal: Happening = {
  type: 'sealed',
  manifest: { object: 'o', sha256: 's' },
  previous: null,
};
const expired: Happening = { type: 'expired', warnings: 0 };
const failed: Happening = { type: 'failed', error: { code: 'x.y', message: 'no' } };
const superseded: Happening = { type: 'superseded', error: { code: 'x.y', message: 'no' } };
const committed: Happening = { type: 'committed' };

const shipping = after(fresh, takenUp, captured(image), captured(container));
const verifying = after(shipping, shipped(image), shipped(container));
const committing = after(verifying, verified(image), verified(container));
const expiring = after(committing, seal, committed);
const states: Readonly<Record<SessionPhase, Session>> = {
  capturing: fresh,
  shipping,
  verifying,
  committing,
  expiring,
  done: after(expiring, expired),
  failed: after(shipping, failed),
  superseded: after(shipping, superseded),
};

describe('the state of a session', () => {
  it('goes through its phases, each when nothing of the one before is left', () => {
    for (const [phase, state] of Object.entries(states)) expect(state.phase).to.equal(phase);
    expect(due(fresh).map(({ type }) => type)).to.deep.equal(['capture', 'capture']);
    expect(due(shipping).map(({ type }) => type)).to.deep.equal(['ship', 'ship']);
    expect(due(verifying).map(({ type }) => type)).to.deep.equal(['verify', 'verify']);
    expect(due(committing)).to.deep.equal([{ type: 'commit' }]);
    expect(due(expiring)).to.deep.equal([{ type: 'clean-up' }]);
    for (const phase of ['done', 'failed', 'superseded'] as const) {
      expect(due(states[phase])).to.be.empty;
      expect(isEnded(phase)).to.equal(true);
      expect(states[phase].endedAt).to.equal(at);
    }
  });

  it('throws at every event that does not belong to its phase, and at no other', () => {
    const legal: Readonly<Record<SessionPhase, readonly Happening[]>> = {
      capturing: [takenUp, captured(image), gaveUp(image), failed, superseded],
      shipping: [takenUp, shipped(image), gaveUp(image), failed, superseded],
      verifying: [takenUp, verified(image), gaveUp(image), failed, superseded],
      committing: [takenUp, seal, committed, failed, superseded],
      expiring: [takenUp, expired, failed, superseded],
      done: [],
      failed: [],
      superseded: [],
    };
    const all = [...new Set(Object.values(legal).flat())];
    for (const [phase, state] of Object.entries(states))
      for (const happening of all) {
        const types = legal[phase as SessionPhase].map(({ type }) => type);
        const attempt = (): Session => after(state, happening);
        if (types.includes(happening.type)) expect(attempt).not.to.throw();
        else expect(attempt, `${happening.type} while ${phase}`).to.throw(RangeError);
      }
  });

  it('asks for the same after a save and a load as before', () => {
    for (const state of Object.values(states))
      expect(due(JSON.parse(JSON.stringify(state)) as Session)).to.deep.equal(due(state));
  });

  it('ships again only what is damaged, with its own copy, and then reads all of it', () => {
    const repair = after(verifying, verified(image, 2), verified(container));
    expect(repair).to.include({ phase: 'shipping', repairs: 1 });
    const [effect, ...others] = due(repair);
    expect(others).to.be.empty;
    expect(effect).to.have.nested.property('repair.copy').that.equals(repair.copies['image/i-1']);
    const again = after(repair, shipped(image));
    const copy: Copy = again.copies['image/i-1']!;
    expect(due(again)).to.deep.equal([{ type: 'verify', copy, depth: 'content' }]);
    const twice = after(again, verified(image, 1), shipped(image), verified(image, 1));
    expect(twice.phase).to.equal('committing');
    expect(heldKeys(twice)).to.deep.equal(['container/photos']);
    const [lack] = lacksOf(twice);
    expect(lack).to.deep.include({ resource: image, code: 'session.damaged' });
    expect(lack?.message).to.include('x missing');
    expect(after(twice, takenUp).failures, 'what goes into the point is settled').to.deep.equal(
      twice.failures,
    );
  });

  it('fails where all that it shipped again is damaged still', () => {
    const alone = { ...fresh, resources: [image] };
    const once = after(alone, takenUp, captured(image), shipped(image), verified(image, 1));
    expect(once).to.include({ phase: 'shipping', repairs: 1 });
    const twice = after(once, shipped(image), verified(image, 1));
    expect(twice).to.include({ phase: 'shipping', repairs: 2 });
    const whole = after(twice, shipped(image), verified(image));
    expect(whole).to.include({ phase: 'committing' });
    const thrice = after(twice, shipped(image), verified(image, 1));
    expect(thrice).to.include({ phase: 'failed' });
    expect(thrice.error?.code).to.equal('session.damaged');
  });

  it('counts a resource of which the point has a part among those that it has not whole', () => {
    expect(countNotWhole(verifying)).to.equal(0);
    const key = 'container/photos';
    const lacks = [{ object: 'photos/a', reason: 'the store has no room' }];
    const copy = { ...verifying.copies[key]!, lacks };
    const part = { ...verifying, copies: { ...verifying.copies, [key]: copy } };
    expect(countNotWhole(part)).to.equal(1);
    expect(countNotWhole(after(part, gaveUp(image)))).to.equal(2);
    expect(countNotWhole(after(part, gaveUp(container)))).to.equal(1);
  });

  it('commits what is whole when resources are given up, in whatever phase, and says what it lacks', () => {
    const ways: readonly Session[] = [
      after(
        fresh,
        takenUp,
        gaveUp(image),
        captured(container),
        shipped(container),
        verified(container),
      ),
      after(shipping, gaveUp(image), shipped(container), verified(container)),
      after(verifying, gaveUp(image), verified(container)),
    ];
    for (const session of ways) {
      expect(session.phase).to.equal('committing');
      expect(heldKeys(session)).to.deep.equal(['container/photos']);
      expect(lacksOf(session)).to.deep.equal([{ resource: image, code: 'x.y', message: 'no' }]);
    }
    for (const session of [fresh, shipping, verifying]) {
      const none = after(session, gaveUp(image), gaveUp(container));
      expect(none).to.include({ phase: 'failed' });
      expect(none.error?.code).to.equal('session.resources-failed');
    }
  });

  it('fails with every reason when there are members and none can be used', () => {
    const lacking = [{ resource: image, code: 'member.ambiguous', message: 'two of that name' }];
    const none = after({ ...fresh, resources: [], lacking }, takenUp);
    expect(none.error).to.deep.equal({
      code: 'session.nothing-usable',
      message: 'base: two of that name',
    });
  });

  it('tries again what was given up when it is taken up again before it commits', () => {
    const without = after(fresh, takenUp, gaveUp(image), captured(container));
    expect(without.phase).to.equal('shipping');
    expect(after(without, shipped(container)).phase).to.equal('verifying');
    expect(after(without, shipped(container), takenUp).phase).to.equal('capturing');
    const again = after(without, takenUp);
    expect(again).to.deep.include({ phase: 'capturing', failures: {} });
    expect(due(again)).to.deep.equal([{ type: 'capture', resource: image }]);

    const unshipped = after(shipping, gaveUp(image), takenUp, shipped(container));
    expect(due(unshipped).map(({ type }) => type)).to.deep.equal(['ship']);
  });

  it('adds up what moved, and keeps the start of the cut over runs', () => {
    const moved = { bytes: 5, objects: 1 };
    const first = advance(fresh, { ...takenUp, at });
    const later = advance(first, { ...takenUp, at: '2026-11-21T09:00:00Z', moved });
    expect(advance(later, { ...captured(image), at, moved }).moved).to.deep.equal({
      bytes: 10,
      objects: 2,
    });
    expect(later).to.include({ cutStart: at, runs: 2 });
  });
});
