import { page } from '../refusals.ts';
import type { Request } from '../request.ts';
import { type BulkName, bulkName } from './names.ts';

const mostNames = 10_000;
/** Twice what any container and object have together. */
const longestLine = 2 * (1_024 + 256 + 2);

/**
 * The body's lines, the objects before the containers, so that both can go in one request. Throws
 * Refusals of 400, 406, 411 and 413.
 */
export async function* namesToDelete(request: Request): AsyncGenerator<BulkName> {
  const { headers } = request;
  if (!(headers['content-type'] ?? 'text/plain').startsWith('text/plain')) throw page(406);
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
    throw page(411);
  const names: BulkName[] = [];
  for await (const line of linesOf(request)) {
    const wire = line.trim();
    if (wire !== '') names.push(bulkName(wire));
    if (names.length > mostNames) throw page(413, `Maximum Bulk Deletes: ${mostNames} per request`);
  }
  const isObject = ({ text, shown }: BulkName) => /[^/]\/+[^/]/.test(text ?? shown);
  yield* names.filter(isObject);
  yield* names.filter((name) => !isObject(name));
}

async function* linesOf({ body }: Request): AsyncGenerator<string> {
  let held = '';
  for await (const piece of body as AsyncIterable<Buffer>) {
    const lines = (held + piece.toString('latin1')).split('\n');
    held = lines.pop() ?? '';
    if ([held, ...lines].some((line) => line.length > longestLine))
      throw page(400, 'Invalid File Name');
    yield* lines;
  }
  yield held;
}
