import type { Image, NewImage } from '../../regions/image/types.ts';
import { contentText, type Content } from './content.ts';

/** Image properties by which what Farshore made is found again without any memory of its own. */
const mark = {
  group: 'farshore_group',
  sourceId: 'farshore_source_id',
  content: 'farshore_content',
  scratch: 'farshore_scratch',
} as const;

export function bySource(sourceId: string): readonly [string, string] {
  return [mark.sourceId, sourceId];
}

export function byGroup(group: string): readonly [string, string] {
  return [mark.group, group];
}

export function byScratch(scratch: string): readonly [string, string] {
  return [mark.scratch, scratch];
}

export function sourceOf(image: Image): string | undefined {
  return image.properties[mark.sourceId];
}

/**
 * `staged`: made ahead of time by this group, never made live (a failover takes the marks off). `live`:
 * someone's image, with no mark. `other`: another group's copy, or a drill's; not to be relied on.
 */
export function standingOf(image: Image, group: string): 'staged' | 'live' | 'other' {
  const { [mark.group]: owner, [mark.scratch]: scratch } = image.properties;
  if (scratch !== undefined) return 'other';
  if (owner === undefined) return 'live';
  return owner === group ? 'staged' : 'other';
}

export function holdsMark(image: Image, content: Content): boolean {
  return image.properties[mark.content] === contentText(content);
}

/** The empty image that the data of `source` is uploaded into. Nobody's list shows it, nobody deletes it by mistake. */
export function stagedImage(source: Image, group: string, content: Content): NewImage {
  return {
    name: `farshore:${source.id}`,
    diskFormat: source.diskFormat ?? 'raw',
    containerFormat: source.containerFormat ?? 'bare',
    visibility: 'private',
    protected: true,
    hidden: true,
    properties: {
      [mark.group]: group,
      [mark.sourceId]: source.id,
      [mark.content]: contentText(content),
    },
  };
}

/** What a drill makes: the source's own look under a scratch name, deletable, with the mark. */
export function scratchImage(source: Image, scratch: string): Required<Omit<NewImage, 'id'>> {
  return {
    name: `${scratch}-${source.name}`,
    diskFormat: source.diskFormat ?? 'raw',
    containerFormat: source.containerFormat ?? 'bare',
    visibility: 'private',
    protected: false,
    hidden: false,
    minDiskGib: source.minDiskGib,
    minRamMib: source.minRamMib,
    tags: source.tags,
    properties: {
      ...source.properties,
      [mark.scratch]: scratch,
      [mark.sourceId]: source.id,
    },
  };
}
