import type { Session } from '../../../replicator/session/types.ts';
import type { RecoveryPoint } from '../../../replicator/point/types.ts';
import type { Execution } from '../../../runbooks/execution/types.ts';
import { keys } from '../../../controller/state/keys.ts';
import type { Committed } from '../store/state.ts';
import { deletedBelow, must, putBelow, type Invariant, type Scene } from './types.ts';

/**
 * Nothing that counts is written by a worker whose claim was lost, or whose generation is past. What
 * held before the transaction is remembered from those before it.
 */
export function staleWriters({ truth, cluster, world }: Scene): Invariant {
  /** Process that holds each claim, by its path. */
  const holders = new Map<string, string>();
  const points = new Map<string, RecoveryPoint['state']>();
  const executions = new Map<string, Execution['state']>();

  const mustHold = (committed: Committed, path: string, what: string): void => {
    const holder = holders.get(path);
    must(
      'stale-claim',
      holder === committed.by,
      () => `${committed.by ?? 'nobody'} wrote ${what}, whose claim is ${holder ?? 'nobody'}'s`,
    );
  };

  const check = (committed: Committed): void => {
    for (const [group, session] of putBelow<Session>(committed, 'sessions/')) {
      const claim = keys.claim('session', group).path;
      const isTakenAway = [...deletedBelow(committed, claim)].includes('');
      // A failover ends the session, and takes the claim away, in the transaction that raises the generation.
      if (session.phase === 'superseded' && isTakenAway) continue;
      mustHold(committed, claim, `session ${group}/${session.id} ${session.phase}`);
      const generation = truth.head(group)?.generation;
      must(
        'stale-generation',
        generation === session.generation,
        () =>
          `session ${group}/${session.id} of generation ${session.generation} wrote ${session.phase} at ${generation ?? 'none'}`,
      );
    }
    for (const [path, point] of putBelow<RecoveryPoint>(committed, 'points/')) {
      const before = points.get(path);
      points.set(path, point.state);
      const isChecked = before !== undefined && point.state !== 'expiring';
      // What an operator gives up by name is no worker's decision.
      const isGivenUp = point.state === 'expiring' && world.ordered.has(path);
      if (isChecked || isGivenUp || before === 'expiring') continue;
      mustHold(committed, keys.claim('session', point.group).path, `point ${path} ${point.state}`);
      if (before === undefined)
        must(
          'stale-generation',
          truth.head(point.group)?.generation === point.generation,
          () => `point ${path} of generation ${point.generation} was committed`,
        );
    }
    for (const [id, execution] of putBelow<Execution>(committed, 'executions/')) {
      const before = executions.get(id);
      executions.set(id, execution.state);
      // Beginning one, and beginning it again, needs no holder.
      if (before === 'running' || before === 'waiting')
        mustHold(committed, keys.claim('execution', id).path, `execution ${id}`);
    }
    for (const path of deletedBelow(committed, 'points/')) {
      if (!points.delete(path)) continue;
      const [group = ''] = path.split('/');
      mustHold(committed, keys.claim('session', group).path, `the end of point ${path}`);
    }
  };

  return {
    onCommit(committed) {
      check(committed);
      for (const change of committed.changes) {
        const path = change.type === 'put' ? change.entry.path : change.path;
        if (!path.startsWith('live/claims/')) continue;
        if (change.type === 'delete') holders.delete(path);
        else holders.set(path, cluster.state.leaseOf(path)?.split('/')[0] ?? '');
      }
    },
  };
}
