import { FarshoreError } from '../../kernel/errors.ts';
import { RequestError } from '../http/request-error.ts';
import type { ServiceClient } from '../http/service-client.ts';

type Info = Readonly<Record<string, unknown>>;

/**
 * The `/info` document: beside the `/v1` of the endpoint, as python-swiftclient looks for it (Ceph
 * RGW has it at `/swift/info`), else at the host's root. Throws `object-store.features-unknown`.
 */
export async function askInfo(client: ServiceClient, signal?: AbortSignal): Promise<Info> {
  const endpoint = await client.endpoint(signal);
  const paths = infoPaths(endpoint);
  let cause: unknown;
  for (const path of paths) {
    try {
      const { body } = await client.json({
        method: 'GET',
        path,
        isAtRoot: true,
        operation: 'ask for the features of object store in region',
        subject: client.region,
        ok: [200],
        signal,
      });
      if (typeof body === 'object' && body !== null && !Array.isArray(body))
        return Object.freeze(body as Record<string, unknown>);
    } catch (error) {
      // A refusal may be that of what else lies there; a store that does not answer is asked again later.
      if (!(error instanceof RequestError) || error.kind === 'transient') throw error;
      cause = error;
    }
  }
  const { origin } = new URL(endpoint);
  const places = paths.map((path) => origin + path).join(' and ');
  throw new FarshoreError(`the object store's features are not told at ${places}`, {
    code: 'object-store.features-unknown',
    kind: 'permanent',
    operation: 'ask for the features of object store in region',
    subject: client.region,
    hint: 'check that the object-store endpoint in the catalogue leads to Swift or Ceph RGW, and that /info is open there',
    cause,
  });
}

function infoPaths(endpoint: string): readonly string[] {
  const { pathname } = new URL(endpoint);
  const beside = pathname.replace(/\/v\d+(\.\d+)?(\/.*)?$/, '/info');
  return [...new Set([beside === pathname ? '/info' : beside, '/info'])];
}
