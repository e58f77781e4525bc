import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from '../http/call.ts';
import { decodedParts } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import type { Reply } from '../http/reply.ts';
import type { Service } from '../http/service.ts';
import type { ServiceDeps } from '../service-deps.ts';
import { adminRoutes } from './admin/routes.ts';
import { faultReply, notFoundPage } from './api/faults.ts';
import { apiRequest } from './api/request.ts';
import { Router } from './api/router.ts';
import { minorOf, versionDocument, versionHeaders } from './api/version.ts';
import { backupRoutes } from './backups/routes.ts';
import { type BackupSettings, type Cinder, defaultBackupSettings } from './cinder.ts';
import { cleanUp } from './clean-up.ts';
import { Disks } from './disk/disks.ts';
import { snapshotRoutes } from './snapshots/routes.ts';
import { Jobs } from './state/jobs.ts';
import { State } from './state/state.ts';
import { ChunkMemory } from './swift-driver/chunk-memory.ts';
import { attachmentRoutes } from './volumes/attachments.ts';
import { extraSpecRoutes } from './volumes/extra-specs.ts';
import { typeRoutes } from './volumes/types.ts';
import { volumeRoutes } from './volumes/routes.ts';

/** Where the server has it: links must say so. */
const mount = '/volume';

export interface BlockStorageDeps extends ServiceDeps {
  readonly objectStore: Service;
  readonly image: Service;
  /** Smaller chunks than cinder-backup's own, for tests. */
  readonly backupSettings?: Partial<BackupSettings>;
}

export interface BlockStorageService extends Service {
  /** The volume's own raw file, sparse: a guest's disk. Undefined when there is none. */
  volumePath(id: string): string | undefined;
}

/**
 * Cinder 21 (Zed) with cinder-volume and cinder-backup on one host, all state below `deps.directory`.
 * What a killed process left under way is settled first, as those two settle it when they start.
 */
export async function openBlockStorage(deps: BlockStorageDeps): Promise<BlockStorageService> {
  const { directory, ambient, faults, objectStore, image } = deps;
  const state = await State.open(join(directory, 'state'), ambient);
  const disks = await Disks.open(join(directory, 'disks'), faults);
  const cinder: Cinder = Object.freeze({
    host: deps.region,
    ambient,
    state,
    disks,
    faults,
    objectStore,
    image,
    jobs: new Jobs(ambient.log),
    chunkMemory: new ChunkMemory(),
    backupSettings: Object.freeze({ ...defaultBackupSettings, ...deps.backupSettings }),
  });
  await cleanUp(cinder);
  return new BlockStorage(cinder, deps);
}

class BlockStorage implements BlockStorageService {
  readonly #cinder: Cinder;
  readonly #deps: BlockStorageDeps;
  readonly #router: Router;

  constructor(cinder: Cinder, deps: BlockStorageDeps) {
    this.#cinder = cinder;
    this.#deps = deps;
    this.#router = new Router([
      volumeRoutes(cinder),
      attachmentRoutes(cinder),
      typeRoutes(cinder),
      extraSpecRoutes(cinder),
      snapshotRoutes(cinder),
      backupRoutes(cinder),
      adminRoutes(cinder),
    ]);
  }

  async handle(call: Call): Promise<Reply> {
    return this.#finished(await this.#reply(call), call);
  }

  refuse(refusal: Refusal, call: Call): Reply {
    return this.#finished(faultReply(refusal, call), call);
  }

  volumePath(id: string): string | undefined {
    const path = this.#cinder.disks.path(id);
    return existsSync(path) ? path : undefined;
  }

  async close(): Promise<void> {
    await this.#cinder.jobs.close();
    await this.#cinder.state.close();
  }

  async #reply(call: Call): Promise<Reply> {
    const root = call.origin + mount;
    if (call.path === '' || call.path === '/') return versionDocument(300, root);
    const [version, ...below] = decodedParts(call.path) ?? [];
    if (version !== 'v3') return notFoundPage();
    const requester = await this.#deps.authority.check(call.headers['x-auth-token']?.toString());
    if (requester?.project == null) throw new Refusal(401, '');
    if (below.length === 0) return { status: 302, headers: { location: `${root}/v3/` } };
    const minor = minorOf(call);
    if (below.length === 1 && below[0] === '') return versionDocument(200, root);
    const projectId = /^[0-9a-f-]+$/.test(below[0] ?? '') ? below.shift() : undefined;
    const match = this.#router.find(call.method === 'HEAD' ? 'GET' : call.method, below);
    if (match === undefined) return notFoundPage();
    if (projectId !== undefined && projectId !== requester.project.id)
      throw new Refusal(400, 'Malformed request url');
    const suffix = projectId === undefined ? '' : `/${projectId}`;
    const roots = { base: `${root}/v3${suffix}`, bookmarkBase: root + suffix };
    const { project } = requester;
    return match.handler(apiRequest(call, { ...requester, project }, minor, roots), ...match.ids);
  }

  /** With the headers that all answers have. */
  #finished(reply: Reply, call: Call): Reply {
    const id = `req-${this.#cinder.state.newId()}`;
    const isHtml = reply.headers?.['content-type']?.includes('text/html') === true;
    const headers = {
      ...(reply.status === 401 || isHtml ? {} : versionHeadersOf(call)),
      'x-compute-request-id': id,
      'x-openstack-request-id': id,
      ...reply.headers,
    };
    return { ...reply, headers };
  }
}

/** None when the version asked for could not be read. */
function versionHeadersOf(call: Call): Record<string, string> {
  if (!call.path.startsWith('/v3')) return versionHeaders('3.0');
  try {
    return versionHeaders(`3.${minorOf(call)}`);
  } catch {
    return {};
  }
}
