import { expect } from 'chai';
import { FarshoreError } from '../../kernel/errors.ts';
import type { GroupView } from '../../runbooks/control.ts';
import { assertRetriable } from '../../runbooks/execution/admission.ts';
import type { StepRecord } from '../../runbooks/execution/types.ts';
import { executionOf } from '../controller/support/fixtures.ts';

describe('a failover that has raised the generation', () => {
  const raised: StepRecord = {
    id: 'raise-generation',
    type: 'raise-generation',
    title: '',
    needs: [],
    params: {},
    always: false,
    state: 'done',
    attempts: 1,
    memo: {},
    notes: [],
  };
  const execution = executionOf('shop', 'x1', { generation: 2, steps: [raised] });
  const view = (change: Partial<GroupView>) => ({
    name: 'shop',
    generation: 2,
    primary: 'west',
    secondary: 'east',
    restoreRegion: 'west',
    rpoSeconds: 900,
    rtoSeconds: 3600,
    ...change,
  });

  it('is gone on with in the group that it failed over', () => {
    expect(() => assertRetriable(execution, view({ failedOverBy: 'x1' }))).not.to.throw();
  });

  it('is not gone on with in a group of the same name that another failed over', () => {
    expect(() => assertRetriable(execution, view({ failedOverBy: 'x2' })))
      .to.throw(FarshoreError)
      .with.property('code', 'execution.superseded');
  });
});
