import type { ClusterStatus } from '../model/controller-status.ts';

/** The controllers on one line; null where there is one only, which needs no line of its own. */
export function clusterText({ controllers, leader, self, quorum }: ClusterStatus): string | null {
  if (quorum && controllers.length < 2) return null;
  const names = controllers.map(({ id, site }) => {
    const roles = [
      ...(id === leader?.id ? ['coordinates'] : []),
      ...(id === self?.id ? ['answers'] : []),
    ];
    return roles.length === 0 ? site : `${site} (${roles.join(', ')})`;
  });
  const there = `controllers: ${names.length === 0 ? 'none' : names.join(', ')}`;
  if (!quorum) return `${there}; NO QUORUM: see farshore raft status`;
  return leader === null ? `${there}; no coordinator at the moment` : there;
}
