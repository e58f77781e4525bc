import type { Image, ImageUpdate } from './types.ts';

/** One operation of Glance's JSON patch, media type `application/openstack-images-v2.1-json-patch`. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/**
 * What turns the image into the wished-for state; empty when it is so already. Glance applies a patch
 * as one change of its database, so an image is never seen half-updated.
 */
export function patchFor(image: Image, wish: ImageUpdate): readonly PatchOperation[] {
  const base = [
    replaced('name', image.name, wish.name),
    replaced('visibility', image.visibility, wish.visibility),
    replaced('protected', image.protected, wish.protected),
    replaced('os_hidden', image.hidden, wish.hidden),
    replaced('min_disk', image.minDiskGib, wish.minDiskGib),
    replaced('min_ram', image.minRamMib, wish.minRamMib),
    sameTags(image.tags, wish.tags) ? [] : replaced('tags', undefined, wish.tags),
  ];
  const added = Object.entries(wish.properties)
    .filter(([name, value]) => image.properties[name] !== value)
    .map(([name, value]) => ({ op: 'add' as const, path: pointer(name), value }));
  const removed = Object.keys(image.properties)
    .filter((name) => !(name in wish.properties))
    .map((name) => ({ op: 'remove' as const, path: pointer(name) }));
  return [...base.flat(), ...added, ...removed];
}

function replaced(name: string, held: unknown, wished: unknown): readonly PatchOperation[] {
  return held === wished ? [] : [{ op: 'replace', path: pointer(name), value: wished }];
}

function sameTags(held: readonly string[], wished: readonly string[]): boolean {
  const names = new Set(wished);
  return held.length === names.size && held.every((tag) => names.has(tag));
}

/** RFC 6901: a `/` in a name is `~1`, a `~` is `~0`. */
function pointer(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
