import type { Random } from '../../kernel/random.ts';
import type { Bank } from '../bank/bank.ts';
import type { Image, NewImage } from '../../regions/image/types.ts';
import { contentText, type Content } from './content.ts';

/**
 * Image properties by which what Farshore made is found again without any memory of its own. Clients and
 * services copy properties from image to image (Nova's snapshots, Cinder's uploads of a volume that was
 * made from one), so a mark counts only on the image whose id it names: a user's image that inherited
 * all of them is the user's.
 */
const mark = {
  image: 'farshore_image_id',
  installation: 'farshore_installation',
  group: 'farshore_group',
  sourceId: 'farshore_source_id',
  content: 'farshore_content',
  scratch: 'farshore_scratch',
} as const;

/** On whose behalf images are made, found and deleted. */
export interface Owner {
  readonly bank: Pick<Bank, 'installation' | 'former'>;
  readonly group: string;
}

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

/** False for an image that inherited the marks of another. */
export function isMarked(image: Image): boolean {
  return image.properties[mark.image] === image.id;
}

/**
 * `staged`: made ahead of time by this group, here or in an installation whose bank was taken over, never made live (a failover takes the marks off). `live`:
 * someone's image, with no mark that counts. `other`: another group's or installation's copy, or a
 * drill's; not to be relied on.
 */
export function standingOf(image: Image, by: Owner): 'staged' | 'live' | 'other' {
  if (!isMarked(image)) return 'live';
  const { properties } = image;
  if (properties[mark.scratch] !== undefined) return 'other';
  const isOwn = isMadeHere(image, by) || by.bank.former.includes(madeBy(image));
  return isOwn && properties[mark.group] === by.group ? 'staged' : 'other';
}

/** False for what a former installation made. */
export function isMadeHere(image: Image, { bank }: Owner): boolean {
  return madeBy(image) === bank.installation;
}

function madeBy({ properties }: Image): string {
  return properties[mark.installation] ?? '';
}

export function holdsMark(image: Image, content: Content): boolean {
  return image.properties[mark.content] === contentText(content);
}

/** An id that no image has: Glance takes one from whoever creates, and the marks name it. */
export function newImageId(random: Random): string {
  const [a, b] = [random.id(), random.id()];
  const parts = [a.slice(0, 8), a.slice(8, 12), `4${a.slice(13)}`, `8${b.slice(1, 4)}`, b.slice(4)];
  return parts.join('-');
}

/** The empty image that the data of `source` is uploaded into. Nobody's list shows it, nobody deletes it by mistake. */
export function stagedImage(id: string, source: Image, by: Owner, content: Content): NewImage {
  return {
    id,
    name: `farshore:${source.id}`,
    diskFormat: source.diskFormat ?? 'raw',
    containerFormat: source.containerFormat ?? 'bare',
    visibility: 'private',
    protected: true,
    hidden: true,
    properties: {
      [mark.image]: id,
      [mark.installation]: by.bank.installation,
      [mark.group]: by.group,
      [mark.sourceId]: source.id,
      [mark.content]: contentText(content),
    },
  };
}

/** What a drill makes: the source's own look under a scratch name, deletable, with the mark. */
export function scratchImage(id: string, source: Image, scratch: string): Required<NewImage> {
  return {
    id,
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
      [mark.image]: id,
      [mark.scratch]: scratch,
      [mark.sourceId]: source.id,
    },
  };
}
