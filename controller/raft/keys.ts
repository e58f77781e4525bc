import type { Key } from '../store/store.ts';

/** Rises whenever quorum was forced: who sees a higher one than its own has been left behind. */
export interface ClusterEpoch {
  readonly epoch: number;
  readonly at: string;
  readonly site: string;
  readonly reason: string;
}

/** Written once, by the first site: from then on controllers may use the cluster. */
export interface ClusterReady {
  readonly at: string;
  readonly site: string;
  /** What its first state came from: a single controller's, a snapshot, or nothing. */
  readonly from: 'level' | 'snapshot' | 'nothing';
}

/** Keys that concern the cluster itself. */
export const clusterKeys = Object.freeze({
  epoch: key<ClusterEpoch>('cluster/epoch'),
  ready: key<ClusterReady>('cluster/ready'),
});

function key<T>(path: string): Key<T> {
  return { path };
}
