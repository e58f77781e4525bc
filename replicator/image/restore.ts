import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Image, ImageUpdate, NewImage } from '../../regions/image/types.ts';
import type { RestoreOrder, Restored, TargetContext } from '../mover.ts';
import { byScratch, isMarked, newImageId, scratchImage, sourceOf } from './marks.ts';
import { transferData } from './transfer.ts';
import type { ImageCopy } from './types.ts';
import { judge, locate } from './verify.ts';

/** What a user of the source saw: the state that a failover gives the copy. */
export function liveState(image: Image): ImageUpdate {
  const { name, visibility, hidden, minDiskGib, minRamMib, tags, properties } = image;
  return {
    name,
    visibility,
    hidden,
    minDiskGib,
    minRamMib,
    tags,
    properties,
    protected: image.protected,
  };
}

/**
 * Turns the staged copy into the image itself: one patch, so nobody sees it half-done, then the
 * members. Called again it finds nothing to change. From here on it carries no mark and is the users'.
 */
export async function restoreLive(copy: ImageCopy, at: TargetContext): Promise<Restored> {
  const staged = await copyImage(copy, at);
  const image = await at.target.images.update(staged.id, liveState(copy.image), at.signal);
  const notes = [...(await restoreMembers(copy, image, at)), ...notesOn(copy, image)];
  return restored(copy, image, notes);
}

/**
 * Makes an image of its own from the copy, inside the target's Glance. What an earlier run of the same
 * drill made is found by its mark: used when whole, filled when empty, else deleted and made anew.
 */
export async function restoreScratch(
  copy: ImageCopy,
  order: RestoreOrder,
  at: TargetContext,
  { random }: Ambient,
): Promise<Restored> {
  const source = await copyImage(copy, at);
  const { images } = at.target;
  const { signal, progress } = at;
  let empty: Image | undefined;
  for (const image of await scratchImages(copy, order.scratch, at)) {
    if (judge(copy, image) === null) return restored(copy, image, copy.notes);
    if (image.status === 'queued' && empty === undefined) empty = image;
    else await images.delete(image.id, signal);
  }
  const wish = (): NewImage => scratchImage(newImageId(random), copy.image, order.scratch);
  const into = (empty ?? (await images.create(wish(), signal))).id;
  const content = { hashAlgo: copy.hashAlgo, hashValue: copy.hashValue };
  progress.expect({ bytes: copy.bytes, objects: 1 });
  const onBytes = (bytes: number): void => progress.copied({ bytes });
  const same = { from: images, to: images, source, content, into, onBytes, signal };
  const made = await transferData(same);
  progress.copied({ objects: 1 });
  return restored(copy, made, copy.notes);
}

/** Of one resource: images of a drill that are restored side by side leave each other alone. */
export async function scratchImages(
  copy: ImageCopy,
  scratch: string,
  { target, signal }: TargetContext,
): Promise<readonly Image[]> {
  const found: Image[] = [];
  for await (const image of target.images.list({ property: byScratch(scratch), signal }))
    if (isMarked(image) && sourceOf(image) === copy.resource.id) found.push(image);
  return found;
}

/** The copy as the manifest promises it, or an error before anything was changed. */
async function copyImage(copy: ImageCopy, at: TargetContext): Promise<Image> {
  const image = await locate(copy, at);
  const wrong = judge(copy, image);
  if (image !== null && wrong === null) return image;
  throw new FarshoreError(`the copy is not whole: ${wrong?.detail ?? 'missing'}`, {
    code: 'image.copy-damaged',
    kind: 'permanent',
    operation: 'restore image',
    subject: copy.targetImageId,
    hint: 'take an earlier recovery point',
  });
}

/**
 * Glance takes any string for a member and cannot say whether there is such a project. The ids of the
 * source mean the same here only when both regions share their identity, which the owner's id tells.
 */
async function restoreMembers(
  copy: ImageCopy,
  image: Image,
  at: TargetContext,
): Promise<readonly string[]> {
  if (copy.image.visibility !== 'shared') return [];
  if (copy.image.owner !== at.target.projectId)
    return copy.members.map(
      ({ memberId }) =>
        `not shared with project ${memberId}: the regions have separate identities, and that id means nothing here`,
    );
  const held = await at.target.images.setMembers(image.id, copy.members, at.signal);
  return copy.members
    .filter(({ memberId, status }) =>
      held.every((member) => member.memberId !== memberId || member.status !== status),
    )
    .map(
      ({ memberId, status }) =>
        `project ${memberId} had ${status} the image and must do so again: only an administrator can do it for them`,
    );
}

/** Where it is not as the source was. */
function notesOn(copy: ImageCopy, image: Image): readonly string[] {
  const notes: string[] = [];
  if (image.id !== copy.resource.id)
    notes.push(
      `its id is ${image.id}: ${copy.resource.id} was taken in this region (an id of a deleted image stays taken)`,
    );
  return [...notes, ...copy.notes];
}

function restored(copy: ImageCopy, image: Image, notes: readonly string[]): Restored {
  return {
    resource: copy.resource,
    id: image.id,
    name: image.name,
    bytes: copy.bytes,
    notes,
  };
}
