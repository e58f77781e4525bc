import { createInterface } from 'node:readline';

/** The `data` of each server-sent event. */
export async function* readEvents(stream: NodeJS.ReadableStream): AsyncIterable<string> {
  let data: string[] = [];
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    if (line.startsWith('data:')) data.push(line.slice('data:'.length).trimStart());
    if (line !== '' || data.length === 0) continue;
    yield data.join('\n');
    data = [];
  }
}
