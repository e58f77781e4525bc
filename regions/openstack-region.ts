import type { Ambient } from '../kernel/ambient.ts';
import { FarshoreError } from '../kernel/errors.ts';
import { createBlockStorage } from './block-storage/client.ts';
import { Caller } from './http/caller.ts';
import { HttpServiceClient } from './http/http-service-client.ts';
import { Limits } from './http/limits.ts';
import { RegionClock } from './http/region-clock.ts';
import type { OnRequest } from './http/request-event.ts';
import { Transport } from './http/transport.ts';
import type { ProjectRef } from './identity/cloud-config.ts';
import { Keystone } from './identity/keystone.ts';
import { ProjectSession } from './identity/project-session.ts';
import { SingleFlight } from './identity/single-flight.ts';
import type { IssuedToken } from './identity/token.ts';
import { createImageService } from './image/client.ts';
import { accountOf } from './object-store/account.ts';
import { createObjectStore } from './object-store/client.ts';
import { probeRequest, probeServices } from './probe.ts';
import type { RegionConfig } from './region-config.ts';
import type { ProjectScope, Region, ServiceHealth, ServiceType } from './region.ts';

export interface RegionDeps {
  readonly ambient: Ambient;
  readonly onRequest?: OnRequest;
  /** Throws when this process may not change anything in a region now; absent: it always may. */
  readonly permit?: () => void;
  /** Bulk transfers that move less over a whole deadline are ended; 16 unless given. */
  readonly leastBytesPerSecond?: number;
}

/** Of any link worth a name; paced transfers (a policy's bandwidth) move more. */
const defaultLeastBytesPerSecond = 16;

/** Opens no connection yet: the first call gets the first token. */
export function openRegion(config: RegionConfig, deps: RegionDeps): Region {
  return new OpenstackRegion(config, deps);
}

interface OpenScope {
  readonly scope: ProjectScope;
  readonly session: ProjectSession;
}

class OpenstackRegion implements Region {
  readonly name: string;
  readonly swiftCluster: string;
  readonly listingLagMs: number | undefined;
  readonly #config: RegionConfig;
  readonly #ambient: Ambient;
  readonly #transport: Transport;
  readonly #caller: Caller;
  readonly #regionClock: RegionClock;
  readonly #keystone: Keystone;
  readonly #opening = new Map<string | undefined, SingleFlight<OpenScope>>();
  readonly #scopes = new Map<string | undefined, OpenScope>();

  constructor(config: RegionConfig, deps: RegionDeps) {
    this.name = config.name;
    this.swiftCluster = config.swiftCluster;
    this.listingLagMs = config.listingLagMs;
    this.#config = config;
    this.#ambient = deps.ambient;
    this.#transport = new Transport(config.cloud.tls);
    this.#regionClock = new RegionClock(deps.ambient.clock);
    this.#caller = new Caller({
      regionClock: this.#regionClock,
      region: config.name,
      transport: this.#transport,
      limits: new Limits(config.maxCalls),
      ambient: deps.ambient,
      onRequest: deps.onRequest ?? (() => undefined),
      permit: deps.permit,
      leastBytesPerSecond: deps.leastBytesPerSecond ?? defaultLeastBytesPerSecond,
    });
    this.#keystone = new Keystone(this.#caller, config.cloud, deps.ambient.clock);
  }

  get clockAheadMs(): number {
    return this.#regionClock.aheadMs;
  }

  async home(signal?: AbortSignal): Promise<ProjectScope> {
    return (await this.#open(undefined, signal)).scope;
  }

  async project(nameOrId: string, signal?: AbortSignal): Promise<ProjectScope> {
    return (await this.#open(nameOrId, signal)).scope;
  }

  async probe(timeoutMs: number, signal?: AbortSignal): Promise<readonly ServiceHealth[]> {
    return probeServices({
      clock: this.#ambient.clock,
      timeoutMs,
      signal,
      prepare: (signal) => this.home(signal),
      ask: async (service, signal) => {
        const { session } = await this.#open(undefined, signal);
        if (service === 'identity') return this.#keystone.probe(session, signal);
        const target = { service, endpoint: () => session.endpoint(service), tokens: session };
        await this.#caller.json(target, probeRequest(service, this.name, timeoutMs, signal));
      },
    });
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** Kept by what was asked for; `undefined` is the project of the credentials. */
  async #open(nameOrId: string | undefined, signal?: AbortSignal): Promise<OpenScope> {
    const kept = this.#scopes.get(nameOrId);
    if (kept !== undefined) return kept;
    let opening = this.#opening.get(nameOrId);
    if (opening === undefined) {
      opening = new SingleFlight(async () => {
        try {
          const opened = await (nameOrId === undefined
            ? this.#openScope(undefined)
            : this.#openOther(nameOrId));
          this.#scopes.set(nameOrId, opened);
          return opened;
        } finally {
          this.#opening.delete(nameOrId);
        }
      });
      this.#opening.set(nameOrId, opening);
    }
    return opening.run(signal);
  }

  async #openOther(nameOrId: string): Promise<OpenScope> {
    const home = await this.#open(undefined);
    const own = home.session.current.project;
    if (nameOrId === own.id || nameOrId === own.name) return home;
    if (this.#config.cloud.credentials.kind === 'application-credential')
      throw this.#scopeError('identity.right-missing', nameOrId, {
        message: `an application credential opens its own project '${own.name}' only`,
        hint: `use a cloud entry with user and password, or one made in project '${nameOrId}'`,
      });
    const mine = await this.#keystone.myProjects(home.session);
    const found =
      mine.find(({ id }) => id === nameOrId) ??
      // A name means something only within a domain: that of the configured project.
      mine.find(({ name, domain_id }) => name === nameOrId && domain_id === own.domain.id);
    if (found === undefined) throw await this.#whyNot(nameOrId, home.session);
    const open = [...this.#scopes.values()].find(({ scope }) => scope.projectId === found.id);
    return open ?? this.#openScope({ id: found.id });
  }

  async #openScope(project: ProjectRef | undefined): Promise<OpenScope> {
    const { cloud, regionName } = this.#config;
    const issue = (): Promise<IssuedToken> => this.#keystone.issueToken(project);
    const first = await issue();
    const session = new ProjectSession(
      {
        region: this.name,
        regionName,
        endpointInterface: cloud.endpointInterface,
        ambient: this.#ambient,
        issue,
      },
      first,
    );
    const client = (service: ServiceType) =>
      new HttpServiceClient(this.name, service, session, this.#caller);
    const objectStore = client('object-store');
    const scope: ProjectScope = Object.freeze({
      region: this.name,
      projectId: first.project.id,
      projectName: first.project.name,
      userId: first.user.id,
      objectStore: createObjectStore(objectStore, await accountOf(objectStore)),
      blockStorage: createBlockStorage(client('block-storage')),
      images: createImageService(client('image')),
    });
    return { scope, session };
  }

  async #whyNot(nameOrId: string, session: ProjectSession): Promise<FarshoreError> {
    const user = session.current.user.name;
    const exists = await this.#keystone.exists(nameOrId, session);
    if (exists === true)
      return this.#scopeError('identity.right-missing', nameOrId, {
        message: `user '${user}' has no role on the project`,
        hint: `openstack role add --user ${user} --project ${nameOrId} member (admin to import backup records)`,
      });
    return this.#scopeError('identity.project-unknown', nameOrId, {
      message:
        exists === false
          ? 'there is no project of that name or id'
          : `there is no project of that name or id on which user '${user}' has a role`,
      hint: `check the name and that Keystone of region '${this.name}' has it; give an id for a project of another domain`,
    });
  }

  #scopeError(code: string, subject: string, text: { message: string; hint: string }) {
    const { message, hint } = text;
    const operation = `open, in region ${this.name}, project`;
    return new FarshoreError(message, { code, kind: 'permanent', operation, subject, hint });
  }
}
