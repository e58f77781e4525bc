import { FarshoreError } from '../../kernel/errors.ts';
import type { ServiceClient } from '../http/service-client.ts';
import { abilitiesOf } from './abilities.ts';
import { usualAccount } from './account.ts';
import { deleteContainer, headContainer, postContainer, putContainer } from './containers.ts';
import { askInfo } from './info.ts';
import { listContainers, listObjects, listVersions } from './listing.ts';
import { getObject, getWholeObject, headObject } from './reads.ts';
import type { ListingRow, ListOptions, ObjectStore } from './types.ts';
import { copyObject, deleteObject, postObject, putObject, restoreVersion } from './writes.ts';

type Info = Readonly<Record<string, unknown>>;

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
  let info: Info | undefined;
  const ask = async (signal?: AbortSignal) => (info ??= await askInfo(client, signal));
  const versions = (id: string | true | undefined, signal: AbortSignal | undefined) =>
    id === undefined ? Promise.resolve() : requireVersions(client, () => ask(signal));
  return Object.freeze<ObjectStore>({
    account,
    info: ask,
    listContainers: (options = {}) => listContainers(client, options),
    headContainer: (container, signal) => headContainer(client, container, signal),
    putContainer: (container, headers = {}, signal) =>
      putContainer(client, container, headers, signal),
    postContainer: (container, headers, signal) =>
      postContainer(client, container, headers, signal),
    deleteContainer: (container, signal) => deleteContainer(client, container, signal),
    list: (container, options = {}) =>
      options.versions === true
        ? allVersions(client, container, options, () => versions(true, options.signal))
        : listObjects(client, container, options),
    head: async (container, object, options = {}) => {
      await versions(options.versionId, options.signal);
      return headObject(client, container, object, options);
    },
    get: async (container, object, options = {}) => {
      await versions(options.versionId, options.signal);
      return getObject(client, container, object, options);
    },
    getWhole: async (container, object, options) => {
      await versions(options.versionId, options.signal);
      return getWholeObject(client, container, object, options);
    },
    put: async (container, object, body, options) => {
      const { etag, ...unchecked } = options;
      // Ceph RGW takes every DLO's bytes for none: it would answer 422 to their MD5.
      const isOfNone = options.headers?.['x-object-manifest'] !== undefined;
      const isSent =
        etag === undefined ||
        !isOfNone ||
        abilitiesOf(await ask(options.signal)).checksManifestEtag;
      return putObject(client, { container, object }, body, isSent ? options : unchecked);
    },
    post: (container, object, headers, signal) =>
      postObject(client, { container, object }, headers, signal),
    copy: async (from, to, options = {}) => {
      await versions(from.versionId, options.signal);
      return copyObject(client, account, from, to, options);
    },
    restoreVersion: async (container, object, versionId, signal) => {
      await versions(versionId, signal);
      return restoreVersion(client, { container, object, versionId }, signal);
    },
    delete: async (container, object, { signal, ...version } = {}) => {
      await versions(version.versionId, signal);
      return deleteObject(client, { container, object, ...version }, signal);
    },
  });
}

async function* allVersions(
  client: ServiceClient,
  container: string,
  options: ListOptions,
  required: () => Promise<void>,
): AsyncGenerator<ListingRow> {
  await required();
  yield* listVersions(client, container, options, (object) =>
    currentVersion(client, container, object, options),
  );
}

/** Where versions are not known the version asked for is ignored: a DELETE of one would take the object. */
async function requireVersions(client: ServiceClient, ask: () => Promise<Info>): Promise<void> {
  const abilities = abilitiesOf(await ask());
  if (abilities.versions) return;
  throw new FarshoreError(`${abilities.name} has no object versioning`, {
    code: 'object-store.no-versions',
    kind: 'permanent',
    operation: 'use versions of objects in region',
    subject: client.region,
    hint: 'enable object_versioning in the pipeline of its proxy; Ceph RGW has none',
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
