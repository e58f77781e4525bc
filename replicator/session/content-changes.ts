import { kindOf } from '../kinds.ts';
import { resourceKey, type Copy } from '../mover.ts';
import type { ContentChange, Session } from './types.ts';

/**
 * Pure. Which resources were emptied since the copies that this session went on from, or changed by
 * more than the policy lets pass without a word: a program that encrypts or deletes everything looks
 * like any other writer, and its points would push out the good ones. What a kind can tell of it is its own.
 */
export function contentChanges(
  before: ReadonlyMap<string, Copy>,
  session: Pick<Session, 'copies' | 'work'>,
  limitPercent: number,
): readonly ContentChange[] {
  return Object.values(session.copies).flatMap((after): readonly ContentChange[] => {
    const resource = resourceKey(after.resource);
    const earlier = before.get(resource);
    if (earlier === undefined) return [];
    if (earlier.bytes > 0 && after.bytes === 0)
      return [{ resource, change: 'emptied', detail: `${of(earlier)} before, none now` }];
    const percent = Math.round(100 * shareOf(earlier, after, session));
    if (percent <= limitPercent) return [];
    const detail = `${percent} % of ${of(earlier)} was removed or rewritten at once, the policy's limit is ${limitPercent} %`;
    return [{ resource, change: 'changed', detail }];
  });
}

function shareOf(before: Copy, after: Copy, { work }: Pick<Session, 'work'>): number {
  if (before.kind !== after.kind) return 0;
  const sent = work?.[resourceKey(after.resource)] ?? { objects: 0 };
  return kindOf(after.kind).changedShare(before, after, sent);
}

function of({ objects, bytes }: Copy): string {
  return `${objects} objects, ${bytes} bytes`;
}
