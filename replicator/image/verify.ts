import type { Image } from '../../regions/image/types.ts';
import {
  resourceKey,
  type Depth,
  type Finding,
  type TargetContext,
  type Verification,
} from '../mover.ts';
import { bySource, standingOf } from './marks.ts';
import { readBack } from './read-back.ts';
import type { Reading } from '../transfer/reading.ts';
import type { ImageCopy } from './types.ts';

/**
 * `listing`: what the target's Glance says of the image; Glance computed the hash when it received the
 * data and does not look at the file again. `content`: the file, read and hashed whole. The manifest's
 * copy names the image by its id, so it is found under its staged name and under its own. `reading`:
 * how far an earlier one, which was broken off, has come; this one goes on there.
 */
export async function verifyImage(
  copy: ImageCopy,
  depth: Depth,
  at: TargetContext,
  reading?: Reading,
): Promise<Verification> {
  const image = await locate(copy, at);
  const listed = judge(copy, image);
  if (image === null || listed !== null || depth === 'listing')
    return verification(copy, depth, 0, listed);
  const { bytes: sizeBytes, hashAlgo, hashValue } = copy;
  const content = { id: image.id, sizeBytes, hashAlgo, hashValue };
  const { problem, bytes, detail } = await readBack(at.target.images, content, at.signal, reading);
  const read = problem === undefined ? null : finding(copy, problem, detail);
  return verification(copy, depth, bytes, read);
}

/**
 * The copy's image. When its id is gone, the one that a later session staged in its place: one repair
 * heals every point that has the same content.
 */
export async function locate(copy: ImageCopy, at: TargetContext): Promise<Image | null> {
  const { images } = at.target;
  const image = await images.get(copy.targetImageId, at.signal);
  if (image !== null) return image;
  const property = bySource(copy.resource.id);
  for await (const other of images.list({ property, signal: at.signal }))
    if (standingOf(other, at) === 'staged' && judge(copy, other) === null) return other;
  return null;
}

/** What Glance's record of the image says against the manifest; null when they agree. */
export function judge(copy: ImageCopy, image: Image | null): Finding | null {
  if (image === null) return finding(copy, 'missing', 'there is no image of this id');
  if (image.status !== 'active')
    return finding(copy, 'unreadable', `its status is ${image.status}, not active`);
  const size = image.sizeBytes ?? 0;
  if (size !== copy.bytes)
    return finding(
      copy,
      size < copy.bytes ? 'truncated' : 'altered',
      `${size} bytes instead of ${copy.bytes}`,
    );
  const value = image.hashAlgo === copy.hashAlgo ? image.hashValue : md5Of(copy, image);
  if (value === copy.hashValue) return null;
  return finding(
    copy,
    'altered',
    `${copy.hashAlgo} ${value ?? 'unknown'} instead of ${copy.hashValue}`,
  );
}

function md5Of(copy: ImageCopy, image: Image): string | null {
  return copy.hashAlgo === 'md5' ? image.checksum : null;
}

function finding(copy: ImageCopy, problem: Finding['problem'], detail: string): Finding {
  return { resource: resourceKey(copy.resource), subject: copy.targetImageId, problem, detail };
}

function verification(
  copy: ImageCopy,
  depth: Depth,
  bytesRead: number,
  found: Finding | null,
): Verification {
  return {
    depth,
    objects: 1,
    bytes: depth === 'content' ? bytesRead : copy.bytes,
    findings: found === null ? [] : [found],
    damaged: found === null ? 0 : 1,
  };
}
