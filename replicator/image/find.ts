import type { Image } from '../../regions/image/types.ts';
import type { Candidate, FindContext, Finder } from '../kind.ts';
import { isChosen, isUuid } from '../select.ts';
import { secretOf } from './properties.ts';

export function findImages({ source: { images, projectId } }: FindContext): Finder {
  return {
    async byId(id, signal) {
      const image = isUuid(id) ? await images.get(id, signal) : null;
      return image === null ? null : candidate(image);
    },
    async *byName(name, signal) {
      for await (const image of images.list({ name, signal }))
        if (image.name === name) yield candidate(image);
    },
    // The listing has everyone's public images too; a selector means the project's own.
    async *matching(selector, signal) {
      for await (const image of images.list({ signal }))
        if (
          image.owner === projectId &&
          isThere(image) &&
          isChosen(selector, image.name, image.properties)
        )
          yield candidate(image);
    },
  };
}

/**
 * Not one whose data is on its way in or out. A deactivated one is there: left out, it would leave its
 * group in silence, and its copies with it.
 */
function isThere({ status }: Image): boolean {
  return status === 'active' || status === 'deactivated';
}

function candidate({ id, name, status, properties }: Image): Candidate {
  return { id, name, obstacle: obstacleOf(status, properties) };
}

function obstacleOf(status: string, properties: Image['properties']): string | null {
  if (status === 'deactivated')
    return 'it is deactivated, and Glance gives its data to nobody: openstack image set --activate brings it back';
  return status === 'active' ? secretOf(properties) : `it is ${status} and has no data`;
}
