import type { Candidate, FindContext, Finder } from '../kind.ts';
import { isChosen, isUuid } from '../select.ts';

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
          image.status === 'active' &&
          isChosen(selector, image.name, image.properties)
        )
          yield candidate(image);
    },
  };
}

function candidate({ id, name }: { readonly id: string; readonly name: string }): Candidate {
  return { id, name, obstacle: null };
}
