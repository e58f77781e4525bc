import type { Kind } from '../kind.ts';
import { fenceContainer, unfenceContainer } from './fence.ts';
import { findContainers } from './find.ts';
import { createContainerMover } from './mover.ts';
import { preflightContainers } from './preflight.ts';
import { containerSchema } from './schema.ts';
import type { ContainerCapture, ContainerCopy } from './types.ts';

export const containerKind: Kind<ContainerCapture, ContainerCopy> = {
  name: 'container',
  plural: 'containers',
  after: [],
  mover: createContainerMover,
  schema: containerSchema,
  needs: () => [],
  catalogs: (copy) => [copy, ...copy.segments].map(({ catalog }) => catalog.object),
  identity: (copy) =>
    [copy, ...copy.segments].map(({ mirror, catalog }) => [mirror, catalog.sha256]),
  // Every version of every object would be too many names: the catalogs stand for them.
  storedThings: () => [],
  find: findContainers,
  preflight: preflightContainers,
  fence: fenceContainer,
  unfence: unfenceContainer,
};
