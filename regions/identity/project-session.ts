import type { Ambient } from '../../kernel/ambient.ts';
import { describeError, isTransient } from '../../kernel/errors.ts';
import type { Session } from '../http/http-service-client.ts';
import type { ServiceType } from '../region.ts';
import { findEndpoint } from './catalogue.ts';
import type { EndpointInterface } from './cloud-config.ts';
import { SingleFlight } from './single-flight.ts';
import { type IssuedToken, isDue, leftMs } from './token.ts';

export interface ProjectSessionParts {
  readonly region: string;
  readonly regionName: string;
  readonly endpointInterface: EndpointInterface;
  readonly ambient: Ambient;
  /** Asks Keystone for a new token of the same scope. */
  readonly issue: () => Promise<IssuedToken>;
}

/** After a renewal failed and the old token still holds, Keystone is left alone for so long. */
const renewalPauseMs = 10_000;

/**
 * The token of one project, renewed before it ends and when a service refuses it; many who need it
 * at once cause one request. When Keystone is away, a token that still holds is used to its end.
 */
export class ProjectSession implements Session {
  readonly #parts: ProjectSessionParts;
  readonly #renewal: SingleFlight<IssuedToken>;
  #token: IssuedToken;
  #isRefused = false;
  #notBeforeMs = -Infinity;

  constructor(parts: ProjectSessionParts, first: IssuedToken) {
    this.#parts = parts;
    this.#token = first;
    this.#renewal = new SingleFlight(() => this.#renew());
  }

  get projectId(): string {
    return this.#token.project.id;
  }

  get current(): IssuedToken {
    return this.#token;
  }

  async token(signal?: AbortSignal): Promise<string> {
    const nowMs = this.#parts.ambient.clock.monotonicMs();
    const isUsable = !this.#isRefused && leftMs(this.#token, nowMs) > 0;
    if (isUsable && (!isDue(this.#token, nowMs) || nowMs < this.#notBeforeMs))
      return this.#token.secret;
    return (await this.#renewal.run(signal)).secret;
  }

  refuse(token: string): void {
    // A late answer to an older token says nothing about the present one.
    if (token === this.#token.secret) this.#isRefused = true;
  }

  endpoint(service: ServiceType): Promise<string> {
    const { region, regionName, endpointInterface } = this.#parts;
    const projectId = this.projectId;
    const query = { region, regionName, service, endpointInterface, projectId };
    // In a promise, so that what is missing is a rejection.
    return Promise.resolve().then(() => findEndpoint(this.#token.catalogue, query));
  }

  async #renew(): Promise<IssuedToken> {
    const { ambient, issue, region } = this.#parts;
    try {
      this.#token = await issue();
      this.#isRefused = false;
    } catch (error) {
      const nowMs = ambient.clock.monotonicMs();
      const isUsable = !this.#isRefused && leftMs(this.#token, nowMs) > 0;
      if (!isUsable || !isTransient(error)) throw error;
      this.#notBeforeMs = nowMs + renewalPauseMs;
      ambient.log.warn('token not renewed, the old one still holds', {
        region,
        project: this.#token.project.name,
        leftMs: leftMs(this.#token, nowMs),
        reason: describeError(error),
      });
    }
    return this.#token;
  }
}
