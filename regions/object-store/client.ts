import { FarshoreError } from '../../kernel/errors.ts';
import type { ServiceClient } from '../http/service-client.ts';
import { usualAccount } from './account.ts';
import { deleteContainer, headContainer, postContainer, putContainer } from './containers.ts';
import { listContainers, listObjects, listVersions } from './listing.ts';
import { getObject, headObject } from './reads.ts';
import type { ListOptions, ObjectStore } from './types.ts';
import { copyObject, deleteObject, postObject, putObject, restoreVersion } from './writes.ts';

/**
 * One Swift account over HTTP (https://docs.openstack.org/api-ref/object-store/). All requests with
 * metadata go as bulk, whose headers pass every byte unchanged. Killed anywhere, or with the answer
 * lost, a PUT has either stored the whole object or left what was there; the rest changes one thing
 * at once. So every call may be made again, and the client does so by itself unless a stream was
 * partly read.
 */
export function createObjectStore(
  client: ServiceClient,
  account: string = usualAccount(client.projectId),
): ObjectStore {
  let info: Readonly<Record<string, unknown>> | undefined;
  return Object.freeze<ObjectStore>({
    account,
    info: async (signal) => (info ??= await askInfo(client, signal)),
    listContainers: (options = {}) => listContainers(client, options),
    headContainer: (container, signal) => headContainer(client, container, signal),
    putContainer: (container, headers = {}, signal) =>
      putContainer(client, container, headers, signal),
    postContainer: (container, headers, signal) =>
      postContainer(client, container, headers, signal),
    deleteContainer: (container, signal) => deleteContainer(client, container, signal),
    list: (container, options = {}) =>
      options.versions === true
        ? listVersions(client, container, options, (object) =>
            currentVersion(client, container, object, options),
          )
        : listObjects(client, container, options),
    head: (container, object, options) => headObject(client, container, object, options),
    get: (container, object, options) => getObject(client, container, object, options),
    put: (container, object, body, options) =>
      putObject(client, { container, object }, body, options),
    post: (container, object, headers, signal) =>
      postObject(client, { container, object }, headers, signal),
    copy: (from, to, options = {}) => copyObject(client, account, from, to, options),
    restoreVersion: (container, object, versionId, signal) =>
      restoreVersion(client, { container, object, versionId }, signal),
    delete: (container, object, { signal, ...version } = {}) =>
      deleteObject(client, { container, object, ...version }, signal),
  });
}

async function askInfo(
  client: ServiceClient,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const { body } = await client.json({
    method: 'GET',
    path: '/info',
    isAtRoot: true,
    operation: 'ask for the features of object store in region',
    subject: client.region,
    ok: [200],
    signal,
  });
  if (typeof body === 'object' && body !== null)
    return Object.freeze(body as Record<string, unknown>);
  throw new FarshoreError('Swift answered with what is not a list of features', {
    code: 'region.answer-malformed',
    kind: 'permanent',
    operation: 'ask for the features of object store in region',
    subject: client.region,
    hint: 'check that the object-store endpoint in the catalogue leads to Swift',
  });
}

async function currentVersion(
  client: ServiceClient,
  container: string,
  object: string,
  { signal }: ListOptions,
): Promise<string | null> {
  // The link itself: the version of a user's symlink, not of what that points to.
  const options = { symlink: true, ...(signal === undefined ? {} : { signal }) };
  return (await headObject(client, container, object, options))?.versionId ?? null;
}
