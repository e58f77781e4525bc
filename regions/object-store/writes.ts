import type { Readable } from 'node:stream';
import type { BulkRequest, ServiceClient } from '../http/service-client.ts';
import { siblingAccount } from './account.ts';
import { call } from './calls.ts';
import { headContainer, noContainer } from './containers.ts';
import { emptyMd5, isMd5 } from './etag.ts';
import { written } from './headers.ts';
import { encodeName, objectPath } from './names.ts';
import { headObject } from './reads.ts';
import type { CopyOptions, HeaderMap, ObjectRef, WriteOptions, Written } from './types.ts';

/** No byte comes while Swift copies: up to 5 GB at the speed of its disks. */
const copyTimeoutMs = 15 * 60_000;
/** Swift asks for each of up to 1,000 segments before it answers. */
const manifestTimeoutMs = 5 * 60_000;

export async function putObject(
  client: ServiceClient,
  to: ObjectRef,
  body: Readable | Buffer | string,
  options: WriteOptions,
): Promise<Written> {
  const { contentLength, etag, manifest, headers, signal } = options;
  const answer = await call(client, {
    ...objectRequest('PUT', client, to, 'write'),
    ...(manifest === true
      ? { query: { 'multipart-manifest': 'put' }, timeoutMs: manifestTimeoutMs }
      : {}),
    headers: { ...headers, ...(isComparable(etag, contentLength) ? { etag } : {}) },
    body,
    contentLength,
    ok: [201],
    signal,
  });
  return written(answer.headers);
}

/** Ceph RGW has the MD5 of no bytes for the bytes of a DLO. */
function isComparable(etag: string | undefined, bytes: number): etag is string {
  return etag !== undefined && isMd5(etag) && (etag !== emptyMd5 || bytes === 0);
}

export async function postObject(
  client: ServiceClient,
  to: ObjectRef,
  headers: HeaderMap,
  signal?: AbortSignal,
): Promise<boolean> {
  const { status } = await call(client, {
    ...objectRequest('POST', client, to, 'set metadata of'),
    headers,
    ok: [202, 404],
    repeatable: true,
    signal,
  });
  return status !== 404;
}

export async function copyObject(
  client: ServiceClient,
  account: string,
  from: ObjectRef,
  to: ObjectRef,
  options: CopyOptions,
): Promise<Written | null> {
  const { sourceProjectId = client.projectId, manifest, symlink, headers, signal } = options;
  const isOwn = sourceProjectId === client.projectId;
  const versionId =
    from.versionId ??
    (symlink === true && isOwn ? await versionOfSymlink(client, from, signal) : undefined);
  const source = isOwn ? account : siblingAccount(account, client.projectId, sourceProjectId);
  const answer = await call(client, {
    ...objectRequest('PUT', client, to, `copy ${from.container}/${from.object} to`),
    // All of these are about the source (swift's copy.py).
    query: {
      ...(versionId === undefined ? {} : { 'version-id': versionId }),
      ...(manifest === true ? { 'multipart-manifest': 'get' } : {}),
      ...(symlink === true ? { symlink: 'get' } : {}),
    },
    headers: {
      ...headers,
      'x-copy-from': objectPath(from.container, from.object),
      ...(isOwn ? {} : { 'x-copy-from-account': encodeName(source) }),
    },
    contentLength: 0,
    ok: [201, 404],
    timeoutMs: copyTimeoutMs,
    signal,
  });
  if (answer.status !== 404) return written(answer.headers);
  // The same 404 comes when the container to copy into is missing.
  const target = await headContainer(client, to.container, signal);
  if (target === null) throw noContainer(client, to.container);
  return null;
}

/** PUT with `version-id` and no body makes the object a link to that version (object_versioning.py). */
export async function restoreVersion(
  client: ServiceClient,
  to: ObjectRef & { readonly versionId: string },
  signal?: AbortSignal,
): Promise<boolean> {
  const { status } = await call(client, {
    ...objectRequest('PUT', client, to, `make version ${to.versionId} current of`),
    query: { 'version-id': to.versionId },
    contentLength: 0,
    ok: [201, 404],
    signal,
  });
  return status !== 404;
}

export async function deleteObject(
  client: ServiceClient,
  of: ObjectRef,
  signal?: AbortSignal,
): Promise<boolean> {
  const { status } = await call(client, {
    ...objectRequest('DELETE', client, of, 'delete'),
    ...(of.versionId === undefined ? {} : { query: { 'version-id': of.versionId } }),
    ok: [204, 404],
    signal,
  });
  return status !== 404;
}

/** In a container with versioning a symlink is itself kept as a version: that one must be copied. */
async function versionOfSymlink(
  client: ServiceClient,
  from: ObjectRef,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const options = { symlink: true, ...(signal === undefined ? {} : { signal }) };
  const info = await headObject(client, from.container, from.object, options);
  return info?.versionId === 'null' ? undefined : info?.versionId;
}

function objectRequest(
  method: BulkRequest['method'],
  client: ServiceClient,
  { container, object }: ObjectRef,
  verb: string,
): Pick<BulkRequest, 'method' | 'path' | 'operation' | 'subject'> {
  return {
    method,
    path: objectPath(container, object),
    operation: `${verb}, in region ${client.region}, object`,
    subject: `${container}/${object}`,
  };
}
