import { expect } from 'chai';

import { FarshoreError } from '../../kernel/errors.ts';
import type { ExecutionEvent, Outcome } from '../../runbooks/execution/events.ts';
import { moved, type Move } from '../../runbooks/execution/moves.ts';
import { transition, withSteps } from '../../runbooks/execution/state.ts';
import type { Execution, StepRecord, StepState } from '../../runbooks/execution/types.ts';
import type { StepSpec } from '../../runbooks/plan.ts';

const at = '2026-11-21T08:00:00.000Z';
const done = { state: 'done', notes: [] } as const satisfies Outcome;
const failed = {
  state: 'failed',
  error: { code: 'x', message: 'x' },
  isTransient: false,
  notes: [],
} as const satisfies Outcome;

function spec(id: string, change: Partial<StepSpec> = {}): StepSpec {
  return {
    id,
    type: id.split(':')[0]!,
    title: id,
    needs: [],
    params: {},
    always: false,
    ...change,
  };
}

function execution(specs: readonly StepSpec[], change: Partial<Execution> = {}): Execution {
  const blank: Execution = {
    id: 'e',
    runbook: 'failover',
    group: 'shop',
    mode: 'failover',
    dryRun: false,
    params: {},
    state: 'running',
    declaredAt: at,
    cancelRequested: false,
    generation: 1,
    rpoObjectiveSeconds: 1,
    rtoObjectiveSeconds: 1,
    steps: [],
    version: 1,
  };
  return { ...withSteps(blank, specs), ...change };
}

function play(start: Execution, ...events: readonly ExecutionEvent[]): Execution {
  return events.reduce((state, event) => transition(state, event).execution, start);
}

function states({ steps }: Execution): string {
  return steps.map((step) => `${step.id} ${step.state}`).join(', ');
}

const taken: ExecutionEvent = { type: 'taken-up', at };
const ended = (step: string, outcome: Outcome = done): ExecutionEvent => ({
  type: 'step-ended',
  at,
  step,
  outcome,
});

const legal: readonly [StepState, Move, StepState][] = [
  ['pending', 'start', 'running'],
  ['pending', 'hold', 'waiting'],
  ['pending', 'skip', 'skipped'],
  ['waiting', 'start', 'running'],
  ['waiting', 'skip', 'skipped'],
  ['running', 'again', 'running'],
  ['running', 'done', 'done'],
  ['running', 'unchecked', 'unchecked'],
  ['running', 'failed', 'failed'],
  ['done', 'renew', 'pending'],
  ['unchecked', 'renew', 'pending'],
  ['failed', 'renew', 'pending'],
  ['skipped', 'renew', 'pending'],
];
const everyState: readonly StepState[] = [
  'pending',
  'running',
  'waiting',
  'done',
  'failed',
  'skipped',
  'unchecked',
];
const everyMove: readonly Move[] = [
  'start',
  'hold',
  'skip',
  'again',
  'done',
  'unchecked',
  'failed',
  'renew',
];

describe('moves of a step', () => {
  for (const from of everyState)
    for (const move of everyMove) {
      const to = legal.find(([state, by]) => state === from && by === move)?.[2];
      const step = { id: 's', state: from } as StepRecord;
      it(`${from}, ${move}: ${to ?? 'illegal'}`, () => {
        if (to !== undefined) expect(moved(step, move)).to.equal(to);
        else expect(() => moved(step, move)).to.throw(FarshoreError, from);
      });
    }
});

describe('events of an execution', () => {
  const gated = (): Execution => play(execution([spec('a', { gate: 'look' })]), taken);
  const over = (): Execution => play(execution([spec('a')]), taken, ended('a'));
  const remembered: ExecutionEvent = {
    type: 'step-remembered',
    at,
    step: 'a',
    key: 'k',
    value: 'v',
  };
  const approved: ExecutionEvent = { type: 'approved', at, step: 'a' };
  const cancelled: ExecutionEvent = { type: 'cancelled', at, reason: 'r' };
  const illegal: readonly [string, () => Execution, ExecutionEvent][] = [
    ['a step that ends while all waits', gated, ended('a')],
    ['a memory while all waits', gated, remembered],
    ['a retry while it waits', gated, { type: 'retried', at }],
    ['an end being taken up', over, taken],
    ['a step that ends twice', over, ended('a')],
    ['an end being approved', over, approved],
    ['an end being cancelled', over, cancelled],
    ['a success being retried', over, { type: 'retried', at }],
    ['a retry while it runs', () => play(execution([spec('a')]), taken), { type: 'retried', at }],
    ['an approval of what is at no gate', () => play(execution([spec('a')]), taken), approved],
    ['a step that never started ending', () => execution([spec('a')]), ended('a')],
    ['a memory of what does not run', () => execution([spec('a')]), remembered],
  ];
  for (const [what, start, event] of illegal)
    it(`refuses ${what}`, () => {
      expect(() => transition(start(), event))
        .to.throw(FarshoreError)
        .with.property('code', 'execution.illegal-move');
    });

  it('starts what needs nothing, then what needs it, and counts each version', () => {
    const start = execution([spec('a'), spec('b', { needs: ['a'] }), spec('c')]);
    const first = transition(start, taken);
    expect(states(first.execution)).to.equal('a running, b pending, c running');
    expect(first.effects).to.deep.equal([
      { type: 'run', step: 'a', failures: 0 },
      { type: 'run', step: 'c', failures: 0 },
    ]);
    const second = transition(first.execution, ended('a'));
    expect(states(second.execution)).to.equal('a done, b running, c running');
    expect(second.execution.version).to.equal(3);
  });

  it('runs again what a dead process left running, and nothing that was done', () => {
    const left = play(execution([spec('a'), spec('b')]), taken, ended('a'));
    const { execution: next, effects } = transition(left, taken);
    expect(effects).to.deep.equal([{ type: 'run', step: 'b', failures: 0 }]);
    expect(next.steps[1]!.attempts).to.equal(2);
  });

  it('skips what a failed step dooms, through all that follows, but never what runs always', () => {
    const specs = [
      spec('a'),
      spec('b', { needs: ['a'] }),
      spec('c', { needs: ['b'] }),
      spec('z', { needs: ['b', 'c'], always: true }),
    ];
    const next = play(execution(specs), taken, ended('a', failed));
    expect(states(next)).to.equal('a failed, b skipped, c skipped, z running');
    expect(play(next, ended('z')).result).to.equal('failed');
  });

  it('resolves patterns over steps that came later, and refuses a plan that contradicts itself', () => {
    const specs = [spec('a'), spec('z', { needs: ['a', 'r:*'] })];
    const outcome: Outcome = { ...done, added: [spec('r:1'), spec('r:2')] };
    const next = play(execution(specs), taken, ended('a', outcome), ended('r:1'));
    expect(states(next)).to.equal('a done, z pending, r:1 done, r:2 running');
    expect(states(play(next, ended('r:2')))).to.include('z running');
    expect(() => withSteps(next, [spec('r:1')])).to.throw(FarshoreError, 'twice');
    expect(() => withSteps(next, [spec('q', { needs: ['nobody'] })])).to.throw(FarshoreError);
  });

  it('keeps to the limit for steps of one type', () => {
    const specs = ['r:1', 'r:2', 'r:3', 'q:1'].map((id) => spec(id));
    const next = play(execution(specs, { params: { parallel: 2 } }), taken);
    expect(states(next)).to.equal('r:1 running, r:2 running, r:3 pending, q:1 running');
    expect(states(play(next, ended('r:2')))).to.include('r:3 running');
  });

  it('repeats a transient failure as often as allowed, and counts no crash among them', () => {
    const transient: Outcome = { ...failed, isTransient: true };
    const start = play(execution([spec('a', { retries: 2 })]), taken, taken, taken);
    const first = transition(start, ended('a', transient));
    expect(first.effects).to.deep.equal([{ type: 'run', step: 'a', failures: 1 }]);
    const last = play(first.execution, ended('a', transient), ended('a', transient));
    expect(states(last)).to.equal('a failed');
    expect(last.steps[0]!.attempts).to.equal(5);
  });

  it('aborts a drill’s work when cancelled, not its cleaning up; a failover’s not at all', () => {
    const specs = [
      spec('a'),
      spec('b', { needs: ['a'] }),
      spec('z', { needs: ['b'], always: true }),
    ];
    const drill = play(execution(specs, { mode: 'drill' }), taken);
    const told = transition(drill, cancelled);
    expect(told.effects).to.deep.include({ type: 'abort', step: 'a', reason: 'r' });
    expect(states(told.execution)).to.equal('a running, b skipped, z running');
    const again = transition(told.execution, cancelled);
    expect(again.execution).to.equal(told.execution);
    const { effects } = transition(play(execution(specs), taken), cancelled);
    expect(effects.some(({ type }) => type === 'abort')).to.equal(false);
  });

  it('sets and takes back what a step found out', () => {
    const facts = { generation: 2, point: 'p', rpoSeconds: 5, rtoSeconds: 7 };
    const outcome: Outcome = { state: 'done', notes: ['n'], output: { o: 1 }, facts };
    const next = play(execution([spec('a'), spec('b')]), taken, ended('a', outcome));
    expect(next).to.include(facts);
    const back: Outcome = { state: 'unchecked', notes: [], facts: { rtoSeconds: null } };
    const last = play(next, ended('b', back));
    expect(last).not.to.have.property('rtoSeconds');
    expect(last.result).to.equal('unchecked');
    const retried = play(last, { type: 'retried', at });
    expect(states(retried)).to.equal('a done, b pending');
    expect(states(play(retried, taken))).to.equal('a done, b running');
    expect(retried).not.to.have.any.keys('endedAt', 'result');
  });

  it('keeps the memory of a step over a retry', () => {
    const left = play(execution([spec('a')]), taken, remembered, ended('a', failed));
    const retried = play(left, { type: 'retried', at });
    expect(retried.steps[0]!.memo).to.deep.equal({ k: 'v' });
    expect(retried.steps[0]).not.to.have.any.keys('error', 'endedAt');
  });
});
