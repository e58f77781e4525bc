import type { Readable } from 'node:stream';

/** The `data` of each server-sent event. A stream of which nothing comes for so long is broken off. */
export async function* readEvents(stream: Readable, limitMs: number): AsyncGenerator<string> {
  const silence = setTimeout(() => stream.destroy(), limitMs);
  let rest = '';
  let data: string[] = [];
  try {
    for await (const piece of stream.setEncoding('utf8') as AsyncIterable<string>) {
      silence.refresh();
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('data:')) data.push(line.slice('data:'.length).trimStart());
        if (line.trimEnd() !== '' || data.length === 0) continue;
        yield data.join('\n');
        data = [];
      }
    }
  } finally {
    clearTimeout(silence);
  }
}
