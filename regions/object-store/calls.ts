import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { BulkRequest, BulkResponse, ServiceClient } from '../http/service-client.ts';

/** No page that says what went wrong is longer. */
const mostDrainedBytes = 64 * 1024;

/** A request whose answer's body is of no interest: its status and headers are all. */
export async function call(
  client: ServiceClient,
  { body, ...request }: BulkRequest,
): Promise<Pick<BulkResponse, 'status' | 'headers'>> {
  if (!(body instanceof Readable)) {
    const sent = body === undefined ? { ...request, isShort: true } : { ...request, body };
    return await client.whole({ ...sent, mostBytes: mostDrainedBytes });
  }
  const answer = await client.bulk({ ...request, body });
  await drained(answer);
  return answer;
}

/** Reads the body to its end, so that the connection can be used again; of a longer one, drops it. */
export async function drained({ body }: BulkResponse): Promise<void> {
  let bytes = 0;
  body.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes > mostDrainedBytes) body.destroy();
  });
  try {
    await finished(body);
  } catch (error) {
    if (bytes <= mostDrainedBytes) throw error;
  }
}
