import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { hasStatus, RequestError } from '../http/request-error.ts';
import type { BulkRequest, BulkResponse, ServiceClient } from '../http/service-client.ts';
import { siblingAccount, usualAccount } from './account.ts';
import { containerInfo, objectInfo, written } from './headers.ts';
import { listContainers, listObjects, listVersions } from './listing.ts';
import { containerPath, encodeName, objectPath } from './names.ts';
import type {
  ContainerInfo,
  CopyOptions,
  HeaderMap,
  ListingRow,
  ListOptions,
  ObjectDownload,
  ObjectInfo,
  ObjectRef,
  ObjectStore,
  ReadOptions,
  WriteOptions,
  Written,
} from './types.ts';

/** No byte comes while Swift copies: up to 5 GB at the speed of its disks. */
const copyTimeoutMs = 15 * 60_000;
/** Swift asks for each of up to 1,000 segments before it answers. */
const manifestTimeoutMs = 5 * 60_000;

type Simple = Pick<BulkRequest, 'method' | 'path' | 'operation' | 'ok'> & Partial<BulkRequest>;

export function createObjectStore(
  client: ServiceClient,
  account: string = usualAccount(client.projectId),
): ObjectStore {
  return new SwiftAccount(client, account);
}

/**
 * One Swift account over HTTP (https://docs.openstack.org/api-ref/object-store/). All requests with
 * metadata go as bulk, whose headers pass every byte unchanged. Killed anywhere, or with the answer
 * lost, a PUT has either stored the whole object or left what was there; the rest changes one thing
 * at once. So every call may be made again, and the client does so by itself unless a stream was
 * partly read.
 */
class SwiftAccount implements ObjectStore {
  readonly account: string;
  readonly #client: ServiceClient;
  #info: Readonly<Record<string, unknown>> | undefined;

  constructor(client: ServiceClient, account: string) {
    this.#client = client;
    this.account = account;
  }

  async info(signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    if (this.#info !== undefined) return this.#info;
    const { body } = await this.#client.json({
      method: 'GET',
      path: '/info',
      isAtRoot: true,
      operation: 'ask what it can do: object store of region',
      subject: this.#client.region,
      ok: [200],
      signal,
    });
    this.#info = Object.freeze(body as Record<string, unknown>);
    return this.#info;
  }

  listContainers(options: { prefix?: string; signal?: AbortSignal } = {}) {
    return listContainers(this.#client, options);
  }

  async headContainer(container: string, signal?: AbortSignal): Promise<ContainerInfo | null> {
    const answer = await this.#container('HEAD', container, 'look up container', {
      ok: [204, 200, 404],
      signal,
    });
    return answer.status === 404 ? null : containerInfo(container, answer.headers);
  }

  async putContainer(container: string, headers?: HeaderMap, signal?: AbortSignal): Promise<void> {
    const more = { ok: [201, 202, 204], signal, ...(headers === undefined ? {} : { headers }) };
    await this.#container('PUT', container, 'create container', more);
  }

  async postContainer(container: string, headers: HeaderMap, signal?: AbortSignal): Promise<void> {
    const more = { ok: [204, 202], headers, repeatable: true, signal };
    await this.#container('POST', container, 'change container', more);
  }

  async deleteContainer(container: string, signal?: AbortSignal): Promise<boolean> {
    try {
      const more = { ok: [204, 404], signal };
      const { status } = await this.#container('DELETE', container, 'delete container', more);
      return status !== 404;
    } catch (error) {
      if (error instanceof RequestError && hasStatus(error, 409)) throw notEmpty(error);
      throw error;
    }
  }

  list(container: string, options: ListOptions = {}): AsyncIterable<ListingRow> {
    if (options.versions !== true) return listObjects(this.#client, container, options);
    const { signal } = options;
    const current = async (object: string) => {
      const info = await this.head(container, object, { ...(signal ? { signal } : {}) });
      return info?.versionId ?? null;
    };
    return listVersions(this.#client, container, options, current);
  }

  async head(
    container: string,
    object: string,
    options: ReadOptions = {},
  ): Promise<ObjectInfo | null> {
    const answer = await this.#simple({
      ...readRequest('HEAD', container, object, options),
      operation: `look up, in region ${this.#client.region}, object`,
    });
    if (answer.status === 404) return null;
    const info = objectInfo(answer.headers);
    const versionId = versionBehind(info, container, object, options);
    return versionId === undefined ? info : this.head(container, object, { ...options, versionId });
  }

  async get(
    container: string,
    object: string,
    options: ReadOptions = {},
  ): Promise<ObjectDownload | null> {
    const answer = await this.#client.bulk({
      ...readRequest('GET', container, object, options),
      operation: `read, in region ${this.#client.region}, object`,
    });
    if (answer.status === 404) {
      await drained(answer);
      return null;
    }
    const info = objectInfo(answer.headers);
    const versionId = versionBehind(info, container, object, options);
    if (versionId === undefined) return { info, body: answer.body };
    await drained(answer);
    return this.get(container, object, { ...options, versionId });
  }

  async put(
    container: string,
    object: string,
    body: Readable | Buffer | string,
    options: WriteOptions,
  ): Promise<Written> {
    const { contentLength, etag, manifest, headers, signal } = options;
    const answer = await this.#simple({
      method: 'PUT',
      path: objectPath(container, object),
      ...(manifest === true
        ? { query: { 'multipart-manifest': 'put' }, timeoutMs: manifestTimeoutMs }
        : {}),
      headers: { ...headers, ...(etag === undefined ? {} : { etag }) },
      body,
      contentLength,
      operation: `write, in region ${this.#client.region}, object`,
      subject: `${container}/${object}`,
      ok: [201],
      signal,
    });
    return written(answer.headers);
  }

  async post(
    container: string,
    object: string,
    headers: HeaderMap,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { status } = await this.#simple({
      method: 'POST',
      path: objectPath(container, object),
      headers,
      operation: `set metadata, in region ${this.#client.region}, of object`,
      subject: `${container}/${object}`,
      ok: [202, 404],
      repeatable: true,
      signal,
    });
    return status !== 404;
  }

  async copy(from: ObjectRef, to: ObjectRef, options: CopyOptions = {}): Promise<Written | null> {
    const { sourceProjectId, manifest, symlink, headers, signal } = options;
    const source =
      sourceProjectId === undefined || sourceProjectId === this.#client.projectId
        ? undefined
        : siblingAccount(this.account, this.#client.projectId, sourceProjectId);
    const versionId = from.versionId ?? (await this.#versionOfSymlink(from, options));
    const answer = await this.#simple({
      method: 'PUT',
      path: objectPath(to.container, to.object),
      query: {
        ...(versionId === undefined ? {} : { 'version-id': versionId }),
        ...(manifest === true ? { 'multipart-manifest': 'get' } : {}),
        ...(symlink === true ? { symlink: 'get' } : {}),
      },
      headers: {
        ...headers,
        'x-copy-from': objectPath(from.container, from.object),
        ...(source === undefined ? {} : { 'x-copy-from-account': encodeName(source) }),
      },
      contentLength: 0,
      operation: `copy from ${from.container}/${from.object}, in region ${this.#client.region}, object`,
      subject: `${to.container}/${to.object}`,
      ok: [201, 404],
      timeoutMs: copyTimeoutMs,
      signal,
    });
    return answer.status === 404 ? null : written(answer.headers);
  }

  async restoreVersion(
    container: string,
    object: string,
    versionId: string,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { status } = await this.#simple({
      method: 'PUT',
      path: objectPath(container, object),
      query: { 'version-id': versionId },
      contentLength: 0,
      operation: `make version ${versionId} current, in region ${this.#client.region}, of object`,
      subject: `${container}/${object}`,
      ok: [201, 404],
      signal,
    });
    return status !== 404;
  }

  async delete(
    container: string,
    object: string,
    options: { readonly versionId?: string; readonly signal?: AbortSignal } = {},
  ): Promise<boolean> {
    const { versionId, signal } = options;
    const { status } = await this.#simple({
      method: 'DELETE',
      path: objectPath(container, object),
      ...(versionId === undefined ? {} : { query: { 'version-id': versionId } }),
      operation: `delete, in region ${this.#client.region}, object`,
      subject: `${container}/${object}`,
      ok: [204, 404],
      signal,
    });
    return status !== 404;
  }

  /** In a container with versioning a symlink is itself kept as a version: that one must be copied. */
  async #versionOfSymlink(from: ObjectRef, options: CopyOptions): Promise<string | undefined> {
    const isOwn = options.sourceProjectId === undefined;
    if (options.symlink !== true || !isOwn) return undefined;
    const { signal } = options;
    const info = await this.head(from.container, from.object, {
      symlink: true,
      ...(signal === undefined ? {} : { signal }),
    });
    return info?.versionId === 'null' ? undefined : info?.versionId;
  }

  #container(
    method: BulkRequest['method'],
    container: string,
    operation: string,
    more: Pick<BulkRequest, 'ok'> & Partial<BulkRequest>,
  ): Promise<BulkResponse> {
    return this.#simple({
      method,
      path: containerPath(container),
      operation: `${operation}, in region ${this.#client.region},`,
      subject: container,
      ...more,
    });
  }

  /** A request whose answer's body is of no interest. */
  async #simple(request: Simple): Promise<BulkResponse> {
    const answer = await this.#client.bulk(request);
    await drained(answer);
    return answer;
  }
}

function readRequest(
  method: 'HEAD' | 'GET',
  container: string,
  object: string,
  options: ReadOptions,
): Omit<BulkRequest, 'operation'> {
  const { versionId, newest, manifest, symlink, ifMatch, range, signal } = options;
  return {
    method,
    path: objectPath(container, object),
    query: {
      ...(versionId === undefined ? {} : { 'version-id': versionId }),
      ...(manifest === true ? { 'multipart-manifest': 'get', format: 'raw' } : {}),
      ...(symlink === true ? { symlink: 'get' } : {}),
    },
    headers: {
      ...(newest === true ? { 'x-newest': 'true' } : {}),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      ...(range === undefined ? {} : { range: `bytes=${range.first}-${range.last ?? ''}` }),
    },
    subject: `${container}/${object}`,
    ok: [200, 204, 206, 404],
    signal,
  };
}

/**
 * Object versioning keeps every object of a container as a symlink to its version, and shows it so
 * to `symlink=get`: `container/object?version-id=…`. What the user stored is that version.
 */
function versionBehind(
  info: ObjectInfo,
  container: string,
  object: string,
  options: ReadOptions,
): string | undefined {
  if (options.symlink !== true || options.versionId !== undefined) return undefined;
  const own = `${container}/${object}?version-id=`;
  const target = info.symlinkTarget;
  return target?.startsWith(own) === true ? target.slice(own.length) : undefined;
}

async function drained(answer: BulkResponse): Promise<void> {
  answer.body.resume();
  await finished(answer.body);
}

function notEmpty(error: RequestError): RequestError {
  const { kind, operation, subject, region, service, method, url, status, requestId } = error;
  return new RequestError('the container is not empty', {
    ...{ kind, operation, subject, region, service, method, url, status, requestId },
    code: 'object-store.container-not-empty',
    hint: 'delete its objects (and their versions) first; listings may lag some seconds behind',
    cause: error,
  });
}
