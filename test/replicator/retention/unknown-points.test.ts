import { expect } from 'chai';
import { isoTime } from '../../../kernel/clock.ts';
import { signedBytes } from '../../../replicator/bank/signed.ts';
import { orphansOf, requireNoneAhead } from '../../../replicator/retention/unknown-points.ts';
import { runSession } from '../../../replicator/session/runner.ts';
import type { Session } from '../../../replicator/session/types.ts';
import { MemoryLedger } from '../../support/memory/ledger.ts';
import { rejection } from '../../support/rejection.ts';
import { Harness } from '../session/harness.ts';

describe('a state that was copied while a session was under way, and put back after it made its point', () => {
  const { signal } = new AbortController();
  const made = '2000-01-01T00:00:00.000Z';

  /** The copy knows the first point, and the session that made the second one as it was by then. */
  const copiedWhen = async (isCopied: (session: Session) => boolean) => {
    const at = new Harness();
    await at.protect();
    const older = new MemoryLedger();
    for (const point of await at.ledger.points('shop')) await older.savePoint(point);
    let copy: Session | undefined;
    const { ledger } = at;
    const save = ledger.saveSession.bind(ledger);
    ledger.saveSession = async (session) => {
      if (isCopied(session)) copy ??= session;
      await save(session);
    };
    const { pointId } = await runSession(await at.claim(), at.deps());
    await older.saveSession(copy!);
    return { at, older, copy: copy!, pointId };
  };
  const isUnsealed = ({ phase }: Session) => phase === 'verifying';
  const isSealed = ({ manifest }: Session) => manifest !== undefined;

  it('does not take the session up, which has written no manifest that it could know of', async () => {
    const { at, older, copy, pointId } = await copiedWhen(isUnsealed);
    const error = await rejection(requireNoneAhead(copy, made, older, at.bank, signal));
    expect(error.code).to.equal('bank.group-differs');
    expect(error.message).to.include(pointId);
  });

  it('takes the point for nobody’s rubbish once that session has failed', async () => {
    const { at, older, copy, pointId } = await copiedWhen(isUnsealed);
    await older.saveSession({ ...copy, phase: 'failed' });
    const refused = await rejection(orphansOf('shop', older, at.bank, signal));
    expect(refused).to.include({ code: 'retention.unknown-point', subject: `shop/${pointId}` });
    const ahead = await rejection(requireNoneAhead(copy, made, older, at.bank, signal));
    expect(ahead.code).to.equal('bank.group-differs');
  });

  it('leaves what a deleted group of the name left late to retention', async () => {
    const { at, older, copy } = await copiedWhen(isUnsealed);
    await requireNoneAhead(copy, isoTime(at.clock.now() + 1_000), older, at.bank, signal);
  });

  it('ships nothing beside what a newer release wrote', async () => {
    const { at, older, copy, pointId } = await copiedWhen(isUnsealed);
    const body = String(await at.bank.readManifest('shop', pointId));
    const content = Buffer.from(
      body.slice(0, body.indexOf('\n') + 1).replace('"format":2', '"format":9'),
    );
    const signed = await signedBytes(content, (bytes) => at.bank.sign(bytes));
    await at.bank.writeManifest('shop', pointId, signed);
    const error = await rejection(requireNoneAhead(copy, made, older, at.bank, signal));
    expect(error.code).to.equal('bank.group-differs');
    expect(error.hint).to.include('upgrade farshore');
  });

  it('takes one up that had sealed its manifest: it writes the same once more', async () => {
    const { at, older, copy } = await copiedWhen(isSealed);
    await requireNoneAhead(copy, made, older, at.bank, signal);
  });
});
