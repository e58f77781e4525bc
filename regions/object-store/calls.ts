import { finished } from 'node:stream/promises';
import type { BulkRequest, BulkResponse, ServiceClient } from '../http/service-client.ts';

/** A request whose answer's body is of no interest: its status and headers are all. */
export async function call(client: ServiceClient, request: BulkRequest): Promise<BulkResponse> {
  const answer = await client.bulk(request);
  await drained(answer);
  return answer;
}

/** Reads the body to its end, so that the connection can be used again. */
export async function drained(answer: BulkResponse): Promise<void> {
  answer.body.resume();
  await finished(answer.body);
}
