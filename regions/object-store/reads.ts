import { FarshoreError } from '../../kernel/errors.ts';
import type { BulkRequest, ServiceClient } from '../http/service-client.ts';
import { call, drained } from './calls.ts';
import { objectInfo } from './headers.ts';
import { objectPath } from './names.ts';
import type { ObjectDownload, ObjectInfo, ReadOptions, WholeObject } from './types.ts';

export async function headObject(
  client: ServiceClient,
  container: string,
  object: string,
  options: ReadOptions = {},
): Promise<ObjectInfo | null> {
  const answer = await call(client, readRequest('HEAD', client, container, object, options));
  if (answer.status === 404) return null;
  const info = objectInfo(answer.headers);
  const versionId = versionBehind(info, container, object, options);
  return versionId === undefined
    ? info
    : headObject(client, container, object, { ...options, versionId });
}

export async function getObject(
  client: ServiceClient,
  container: string,
  object: string,
  options: ReadOptions = {},
): Promise<ObjectDownload | null> {
  const answer = await client.bulk(readRequest('GET', client, container, object, options));
  if (answer.status === 404) {
    await drained(answer);
    return null;
  }
  const info = objectInfo(answer.headers);
  if (options.manifest === true && isHidden(info)) {
    await drained(answer);
    throw manifestHidden(client, `${container}/${object}`);
  }
  const versionId = versionBehind(info, container, object, options);
  if (versionId === undefined) return { info, body: answer.body };
  await drained(answer);
  return getObject(client, container, object, { ...options, versionId });
}

/** `larger`: it has more than `mostBytes`, and nothing of it is kept. */
export async function getWholeObject(
  client: ServiceClient,
  container: string,
  object: string,
  options: ReadOptions & { readonly mostBytes: number },
): Promise<WholeObject | 'larger' | null> {
  const { mostBytes } = options;
  const request = readRequest('GET', client, container, object, options);
  const answer = await client.whole({ ...request, mostBytes });
  if (answer.status === 404) return null;
  const info = objectInfo(answer.headers);
  if (options.manifest === true && isHidden(info))
    throw manifestHidden(client, `${container}/${object}`);
  const versionId = versionBehind(info, container, object, options);
  if (versionId !== undefined)
    return getWholeObject(client, container, object, { ...options, versionId });
  return answer.isWhole ? { info, content: answer.body } : 'larger';
}

/** Ceph RGW gives nothing in place of an SLO's manifest, and says what it was in this header alone. */
function isHidden({ bytes, headers }: ObjectInfo): boolean {
  return bytes === 0 && headers['x-object-meta-static-large-object']?.toLowerCase() === 'true';
}

function manifestHidden(client: ServiceClient, subject: string): FarshoreError {
  return new FarshoreError('the store gives no manifest of this large object', {
    code: 'object-store.manifest-hidden',
    kind: 'permanent',
    operation: `read, in region ${client.region}, the manifest of`,
    subject,
    hint: 'Ceph RGW keeps manifests to itself: write the object anew in one piece or as a DLO, or leave it out',
  });
}

function readRequest(
  method: 'HEAD' | 'GET',
  client: ServiceClient,
  container: string,
  object: string,
  options: ReadOptions,
): Omit<BulkRequest, 'body'> {
  const { versionId, newest, manifest, symlink, ifMatch, range, signal } = options;
  return {
    method,
    path: objectPath(container, object),
    query: {
      ...(versionId === undefined ? {} : { 'version-id': versionId }),
      ...(manifest === true ? { 'multipart-manifest': 'get' } : {}),
      // In answer to HEAD Swift says of this form that it is empty.
      ...(manifest === true && method === 'GET' ? { format: 'raw' } : {}),
      ...(symlink === true ? { symlink: 'get' } : {}),
    },
    headers: {
      ...(newest === true ? { 'x-newest': 'true' } : {}),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      ...(range === undefined ? {} : { range: `bytes=${range.first}-${range.last ?? ''}` }),
    },
    operation: `${method === 'HEAD' ? 'look up' : 'read'}, in region ${client.region}, object`,
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
