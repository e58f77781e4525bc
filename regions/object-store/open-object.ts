import type { ObjectDownload, ObjectStore, ReadOptions, WholeObject } from './types.ts';

/** What is not longer comes whole: a stream would cost more than the bytes, and so few are no matter for memory. */
export const wholeBytes = 256 * 1024;

export type OpenedObject = ObjectDownload | WholeObject;

/** As it comes cheapest for an object of about so many bytes; one that has grown meanwhile comes as a stream. */
export async function openObject(
  store: ObjectStore,
  {
    container,
    object,
    bytes,
  }: { readonly container: string; readonly object: string; readonly bytes: number },
  options: ReadOptions,
): Promise<OpenedObject | null> {
  if (bytes <= wholeBytes) {
    const found = await store.getWhole(container, object, { ...options, mostBytes: wholeBytes });
    if (found !== 'larger') return found;
  }
  return await store.get(container, object, options);
}

/** Gives back what a stream holds, unless it was read to its end. */
export function closeObject(opened: OpenedObject): void {
  if ('body' in opened && !opened.body.readableEnded) opened.body.destroy();
}

/** Its bytes as they come. */
export async function* piecesOf(opened: OpenedObject): AsyncGenerator<Buffer> {
  if ('content' in opened) yield opened.content;
  else yield* opened.body as AsyncIterable<Buffer>;
}
