import { FarshoreError } from '../../kernel/errors.ts';
import { hasStatus, RequestError } from '../http/request-error.ts';
import type { BulkRequest, ServiceClient } from '../http/service-client.ts';
import { refineError } from '../refine-error.ts';
import { call } from './calls.ts';
import { containerInfo } from './headers.ts';
import { containerPath } from './names.ts';
import type { ContainerInfo, HeaderMap } from './types.ts';

export async function headContainer(
  client: ServiceClient,
  container: string,
  signal?: AbortSignal,
): Promise<ContainerInfo | null> {
  const request = { method: 'HEAD', ok: [200, 204, 404], signal } as const;
  const answer = await callContainer(client, container, 'look up container', request);
  return answer.status === 404 ? null : containerInfo(container, answer.headers);
}

export async function putContainer(
  client: ServiceClient,
  container: string,
  headers: HeaderMap,
  signal?: AbortSignal,
): Promise<void> {
  const request = { method: 'PUT', ok: [201, 202, 204], headers, signal } as const;
  await callContainer(client, container, 'create container', request);
}

export async function postContainer(
  client: ServiceClient,
  container: string,
  headers: HeaderMap,
  signal?: AbortSignal,
): Promise<void> {
  const request = { method: 'POST', ok: [202, 204], repeatable: true, headers, signal } as const;
  await callContainer(client, container, 'change container', request);
}

export async function deleteContainer(
  client: ServiceClient,
  container: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const request = { method: 'DELETE', ok: [204, 404], signal } as const;
  try {
    const { status } = await callContainer(client, container, 'delete container', request);
    return status !== 404;
  } catch (error) {
    if (error instanceof RequestError && hasStatus(error, 409))
      throw refineError(error, {
        code: 'object-store.container-not-empty',
        message: 'the container is not empty',
        hint: 'delete its objects (and their versions) first; listings may lag some seconds behind',
      });
    throw error;
  }
}

export function noContainer(client: ServiceClient, container: string): FarshoreError {
  return new FarshoreError('there is no such container', {
    code: 'object-store.not-found',
    kind: 'permanent',
    operation: `write, in region ${client.region}, into container`,
    subject: container,
    hint: 'create the container first',
  });
}

function callContainer(
  client: ServiceClient,
  container: string,
  operation: string,
  request: Pick<BulkRequest, 'method' | 'ok' | 'headers' | 'repeatable' | 'signal'>,
): ReturnType<typeof call> {
  return call(client, {
    ...request,
    path: containerPath(container),
    operation: `${operation}, in region ${client.region},`,
    subject: container,
  });
}
