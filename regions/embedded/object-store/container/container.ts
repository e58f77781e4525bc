import type { Reply } from '../../http/reply.ts';
import { newAccount } from '../account/account.ts';
import { cleanAcl, isOwner } from '../acl.ts';
import { authorizedContainer } from '../find-object.ts';
import { checkMetadata, limits, merged } from '../metadata.ts';
import { checkQuotaHeaders } from '../quotas.ts';
import type { ContainerRecord, HeaderMap } from '../records.ts';
import { notFound, page, plain, statusReply } from '../refusals.ts';
import { type Core, isTrue, type Request } from '../request.ts';
import { isLegacy, legacyHeaders } from '../versions/legacy.ts';
import { isOwners } from './container-headers.ts';
import { listContainer } from './list-container.ts';

/** GET, HEAD, PUT, POST and DELETE of a container. */
export async function containerReply(core: Core, request: Request): Promise<Reply> {
  const record = await authorizedContainer(core, request);
  if (request.method === 'PUT') return putContainer(core, request);
  if (record === undefined) throw notFound();
  if (request.method === 'POST') return postContainer(core, request);
  if (request.method === 'DELETE') return deleteContainer(core, request);
  return listContainer(core, request);
}

async function putContainer(core: Core, request: Request): Promise<Reply> {
  const { container, headers } = request;
  const length = Buffer.byteLength(container);
  if (length > limits.containerNameBytes)
    throw page(400, `Container name length of ${length} longer than ${limits.containerNameBytes}`);
  const change = checkedChange(request);
  const policy = headers['x-storage-policy'] ?? '';
  if (policy !== '' && policy.toLowerCase() !== 'policy-0')
    throw plain(400, `Invalid X-Storage-Policy '${policy}'`);
  return core.state.change(request.account, async (batch) => {
    if ((await batch.account()) === undefined) batch.putAccount(newAccount(core));
    const old = await batch.container(container);
    const at = core.state.tick();
    const base = old ?? { createdAt: at, changedAt: at, headers: {}, objects: 0, bytes: 0 };
    await batch.putContainer(container, change({ ...base, changedAt: at }));
    return statusReply(old === undefined ? 201 : 202);
  });
}

async function postContainer(core: Core, request: Request): Promise<Reply> {
  const change = checkedChange(request);
  return core.state.change(request.account, async (batch) => {
    const old = await batch.container(request.container);
    if (old === undefined) throw notFound();
    await batch.putContainer(request.container, change({ ...old, changedAt: core.state.tick() }));
    return statusReply(204);
  });
}

/** What the request's headers make of a container. Throws a Refusal of 400, now or when applied. */
function checkedChange(request: Request): (record: ContainerRecord) => ContainerRecord {
  checkMetadata(request.headers, 'container');
  checkQuotaHeaders(request);
  const headers: HeaderMap = {
    ...request.headers,
    ...cleaned(request.headers, 'x-container-read'),
    ...cleaned(request.headers, 'x-container-write'),
    ...legacyHeaders(request.headers),
  };
  const versioning = headers['x-versions-enabled'];
  return (record) => {
    const changed = {
      ...record,
      headers: merged(record.headers, headers, 'container', (name) => isKept(request, name)),
    };
    if (versioning === undefined) return changed;
    const isEnabled = isTrue(versioning);
    if (isEnabled && 'x-container-sync-to' in record.headers)
      throw page(
        400,
        'Cannot enable object versioning on a container configured as source of container syncing.',
      );
    if (isEnabled && Object.keys(record.headers).some(isLegacy))
      throw page(
        400,
        'Cannot enable object versioning on a container that is already using the legacy versioned writes feature.',
      );
    const { versions } = record;
    if (versions === undefined && !isEnabled) return changed;
    return { ...changed, versions: { objects: 0, bytes: 0, ...versions, isEnabled } };
  };
}

function cleaned(headers: HeaderMap, name: string): HeaderMap {
  const acl = headers[name];
  return acl === undefined || acl === '' ? {} : { [name]: cleanAcl(name, acl) };
}

function isKept(request: Request, name: string): boolean {
  if (isLegacy(name)) return true;
  return isOwners(name) ? isOwner(request) : name.startsWith('x-container-meta-');
}

async function deleteContainer(core: Core, request: Request): Promise<Reply> {
  const { account, container } = request;
  await core.state.settle(account, container);
  return core.state.change(account, async (change) => {
    const record = await change.container(container);
    if (record === undefined) throw notFound();
    if ((record.versions?.objects ?? 0) > 0)
      throw page(409, 'Delete all versions before deleting container.');
    // Of what the lag hides nothing may be left behind either.
    if (record.objects > 0 || core.state.hasPendingRows(account, container)) throw page(409);
    await change.deleteContainer(container);
    return statusReply(204);
  });
}
