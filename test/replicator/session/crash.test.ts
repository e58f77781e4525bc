import { expect } from 'chai';
import { runSession } from '../../../replicator/session/runner.ts';
import type { Session } from '../../../replicator/session/types.ts';
import { dataNames } from '../../support/memory/copies.ts';
import { currentData } from '../../support/memory/movers.ts';
import { Harness, image } from './harness.ts';

/**
 * A process that dies at the nth thing that it does outside itself: an effect of a mover, a write to
 * the ledger, a change in the bank. `before`: it was not done any more. `after`: it was done, and
 * nobody heard. From then on nothing that the process still tries reaches anything.
 */
class Kill {
  readonly stop = new AbortController();
  readonly #at: Harness;
  #count = 0;
  #isDead = false;
  happened: string | undefined;

  constructor(at: Harness, nth: number, moment: 'before' | 'after') {
    this.#at = at;
    const before = (what: string): void => {
      this.#check();
      this.#count += 1;
      if (this.#count === nth && moment === 'before') this.#die(what);
    };
    const after = (what: string): void => {
      if (this.#count === nth && moment === 'after' && !this.#isDead) this.#die(what);
    };
    at.world.before = before;
    at.world.after = after;
    at.ledger.before = ({ write, what }) => before(`${write} ${what}`);
    at.ledger.after = ({ write, what }) => after(`${write} ${what}`);
    at.store.before = ({ method, object }) => {
      if (method === 'PUT' || method === 'DELETE') before(`${method} ${object ?? ''}`);
      else this.#check();
    };
    at.store.after = ({ method, object }) => {
      if (method === 'PUT' || method === 'DELETE') after(`${method} ${object ?? ''}`);
    };
  }

  get count(): number {
    return this.#count;
  }

  /** The next process finds everything in order again. */
  revive(): void {
    this.#at.world.before = this.#at.world.after = undefined;
    this.#at.ledger.before = this.#at.ledger.after = undefined;
    this.#at.store.before = this.#at.store.after = undefined;
  }

  #check(): void {
    if (this.#isDead) throw new Error('the process is dead');
  }

  #die(what: string): void {
    this.#isDead = true;
    this.happened = what;
    this.stop.abort(new Error('killed'));
    throw new Error('killed');
  }
}

/** Two points stand; the third session changes two resources, inherits damage and expires the first. */
async function prepared(): Promise<{ at: Harness; session: Session; lost: string }> {
  const at = new Harness();
  await at.protect();
  at.write('volume/v-1', 'second content');
  await at.protect();
  at.write('volume/v-1', 'the third one');
  at.write('container/photos', 'another photo');
  const lost = currentData(at.world, image);
  at.world.secondary.delete(lost);
  return { at, session: await at.claim(), lost };
}

describe('a session whose process is killed', () => {
  for (const moment of ['before', 'after'] as const)
    it(`ends the same, killed ${moment} each of its effects`, async () => {
      const whole = await prepared();
      const effects = new Kill(whole.at, Infinity, moment);
      await runSession(whole.session, whole.at.deps());
      effects.revive();
      const expected = await whole.at.end();
      expect(effects.count, 'effects of a session').to.be.above(30);

      for (let nth = 1; nth <= effects.count; nth += 1) {
        const { at, session, lost } = await prepared();
        const kill = new Kill(at, nth, moment);
        const died: unknown = await runSession(
          session,
          at.deps({ signal: kill.stop.signal }),
        ).catch((error: unknown) => error);
        const where = `killed ${moment} ${nth}: ${kill.happened ?? ''}`;
        expect(kill.happened, 'the kill took place').to.be.a('string');
        kill.revive();
        await allPointsAreWhole(at, where);

        const saved = (await at.ledger.session('shop'))!;
        if (saved.phase !== 'done') {
          expect(died, where).to.be.instanceOf(Error);
          at.world.log.length = 0;
          await runSession(saved, at.deps());
          for (const [key, copy] of Object.entries(saved.copies)) {
            const isDamaged = dataNames(copy).includes(lost) && !isRepaired(saved, key);
            const shipped = at.world.log.filter((line) => line === `ship ${key}`).length;
            expect(shipped, `${where}: ${key} again`).to.equal(isDamaged ? 1 : 0);
          }
        }
        expect(await at.end(), where).to.deep.equal(expected);
      }
    });

  it('ends the same after many kills at random moments', async () => {
    const seed = Date.now() % 1_000_000;
    let state = seed;
    const next = (): number => (state = (state * 48_271) % 2_147_483_647);
    const whole = await prepared();
    await runSession(whole.session, whole.at.deps());
    const expected = await whole.at.end();
    for (let round = 0; round < 40; round += 1) {
      const { at, session } = await prepared();
      let current = session;
      for (let deaths = 0; deaths < 6 && current.phase !== 'done'; deaths += 1) {
        const kill = new Kill(at, 1 + (next() % 25), next() % 2 === 0 ? 'before' : 'after');
        await runSession(current, at.deps({ signal: kill.stop.signal })).catch(
          (error: unknown) => error,
        );
        kill.revive();
        await allPointsAreWhole(at, `seed ${seed} round ${round}`);
        current = (await at.ledger.session('shop'))!;
      }
      await runSession(current, at.deps());
      expect(await at.end(), `seed ${seed} round ${round}`).to.deep.equal(expected);
    }
  });
});

/** The repair round is behind this resource: its copy is the repaired one. */
function isRepaired(session: Session, key: string): boolean {
  return session.repairs > 0 && (session.verifications[key]?.damaged ?? 0) === 0;
}

/** No point is ever offered whose manifest is not there. */
async function allPointsAreWhole(at: Harness, where: string): Promise<void> {
  for (const { id, state } of await at.ledger.points('shop'))
    if (state !== 'expiring')
      expect(await at.bank.readManifest('shop', id), `${where}: ${id}`).not.to.equal(null);
}
