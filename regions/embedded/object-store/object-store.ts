import { type Call, header } from '../http/call.ts';
import { type Refusal } from '../http/refusal.ts';
import { jsonReply, type Reply } from '../http/reply.ts';
import type { Service } from '../http/service.ts';
import type { ServiceDeps } from '../service-deps.ts';
import { bulkReply } from './bulk/bulk.ts';
import type { DamageKind } from './damage.ts';
import { runExpirer } from './expirer.ts';
import { info } from './info.ts';
import { parseRequest } from './parse-request.ts';
import { perform } from './perform.ts';
import { html, page, pageOf } from './refusals.ts';
import type { Access, Core, Flavour } from './request.ts';
import { noSuchBucket, performAsRgw, rgwInfo, rgwPrefix } from './rgw.ts';
import { State } from './state.ts';
import { asTempUrlReply, tempUrlAccess } from './temp-url.ts';
import { quote, titled } from './wire.ts';

export interface ObjectStoreService extends Service {
  /**
   * Spoils the bytes at rest of an object (of its current version) as a bad disk would; its record
   * and listing stay. Throws when there is no such object, or it has no bytes.
   */
  damage(account: string, container: string, object: string, kind: DamageKind): Promise<void>;
  /**
   * As if the object had been put in so many parts through S3: its ETag ends in their number and is no
   * MD5 any more. Throws when there is no such object.
   */
  putInParts(account: string, container: string, object: string, parts: number): Promise<void>;
}

/**
 * Mount it with the prefix '': its calls carry the whole path, `/v1/AUTH_<project id>/c/o`, `/info`
 * or `/healthcheck`. A call from inside the region whose body is a stream says
 * `transfer-encoding: chunked` or its `content-length`, as one from outside must.
 */
export async function openObjectStore(
  deps: ServiceDeps,
  flavour: Flavour = 'swift',
): Promise<ObjectStoreService> {
  const core: Core = Object.freeze({ state: await State.open(deps), deps, flavour });
  const closing = new AbortController();
  const expirer = runExpirer(core, closing.signal);
  return Object.freeze<ObjectStoreService>({
    handle: async (call) => finished(core, await respond(core, call)),
    refuse: (refusal, call) => finished(core, refused(refusal, call)),
    damage: (...of) => damage(core, ...of),
    putInParts: (...of) => putInParts(core, ...of),
    close: async () => {
      closing.abort();
      await expirer;
      await core.state.close();
    },
  });
}

async function respond(core: Core, given: Call): Promise<Reply> {
  const isRgw = core.flavour === 'rgw';
  if (isRgw && given.path === '/info') return noSuchBucket();
  const isBelow = isRgw && given.path.startsWith(`${rgwPrefix}/`);
  // Its own cinder-backup comes without the prefix.
  const call = isBelow ? { ...given, path: given.path.slice(rgwPrefix.length) } : given;
  if (call.path === '/healthcheck')
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'OK' };
  if (call.path === '/info') return infoReply(call, isRgw ? rgwInfo : info);
  const nobody: Access = { kind: 'requester', requester: undefined };
  const request = parseRequest(call, nobody);
  const opened = await tempUrlAccess(core, request);
  if (opened !== undefined) {
    const query = new URLSearchParams();
    const reply = await perform(core, { ...request, query, access: opened });
    return asTempUrlReply(request, reply);
  }
  const requester = await core.deps.authority.check(header(call, 'x-auth-token'));
  const mine = { ...request, access: { kind: 'requester', requester } } as const;
  return (await bulkReply(core, mine)) ?? (isRgw ? performAsRgw : perform)(core, mine);
}

function infoReply({ method }: Call, document: object): Reply {
  if (method === 'OPTIONS')
    return { status: 200, headers: { 'content-type': html, allow: 'HEAD, GET, OPTIONS' } };
  if (method !== 'GET' && method !== 'HEAD') throw page(405, '', { allow: 'GET, OPTIONS, HEAD' });
  return jsonReply(200, document, { 'content-type': 'application/json; charset=UTF-8' });
}

function refused({ status, message, headers }: Refusal, call: Call): Reply {
  const account = call.path.split('/')[2] ?? '';
  const realm = `Swift realm="${quote(account)}"`;
  const challenge = { 'www-authenticate': [realm, `Keystone uri="${call.origin}"`] };
  return {
    status,
    headers: { 'content-type': html, ...(status === 401 ? challenge : {}), ...headers },
    body: message === '' ? pageOf(status) : message,
  };
}

/** With what every answer of Swift has, names written as Swift writes them. */
function finished(core: Core, { status, headers = {}, body }: Reply): Reply {
  const { clock, random } = core.deps.ambient;
  const seconds = Math.floor(clock.now() / 1_000);
  const id = (random.id() + random.id()).slice(0, 21);
  const transaction = `tx${id}-${seconds.toString(16).padStart(10, '0')}`;
  const names = Object.entries(headers).map(([name, value]) => [titled(name), value] as const);
  return {
    status,
    headers: {
      ...Object.fromEntries(names),
      'X-Trans-Id': transaction,
      'X-Openstack-Request-Id': transaction,
    },
    ...(body === undefined ? {} : { body }),
  };
}

async function putInParts(
  { state }: Core,
  account: string,
  container: string,
  object: string,
  parts: number,
): Promise<void> {
  await state.change(account, async (change) => {
    const record = await change.object(container, object);
    if (record === undefined) throw new Error(`no object: ${account}/${container}/${object}`);
    const etag = `${record.etag.slice(0, 32)}-${parts}`;
    // The same bytes go on in the same blob.
    await change.putObject(container, object, { ...record, etag });
  });
}

async function damage(
  core: Core,
  account: string,
  container: string,
  object: string,
  kind: DamageKind,
): Promise<void> {
  const { state } = core;
  const current = await state.object(account, container, object);
  const record =
    current?.versionLink === undefined
      ? current
      : await state.version(account, container, object, current.versionLink.id);
  if (record?.blob == null)
    throw new Error(`no bytes to damage: ${account}/${container}/${object}`);
  await state.damage.spoil(record.blob, kind);
}
