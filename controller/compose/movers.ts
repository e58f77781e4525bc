import type { Ambient } from '../../kernel/ambient.ts';
import { createContainerMover } from '../../replicator/container/mover.ts';
import { createImageMover } from '../../replicator/image/mover.ts';
import type { Movers } from '../../replicator/mover.ts';
import { createVolumeMover } from '../../replicator/volume/mover.ts';

/** `spoolDir` holds rows of containers that wait, in nameless files. */
export function createMovers(ambient: Ambient, spoolDir: string): Movers {
  return Object.freeze({
    volume: createVolumeMover({ ambient }),
    image: createImageMover({ ambient }),
    container: createContainerMover({ ambient, spoolDir }),
  });
}
