import type { ServiceType } from '../region.ts';
import type { Caller, Target, Tokens } from './caller.ts';
import type {
  BulkRequest,
  BulkResponse,
  JsonRequest,
  JsonResponse,
  ServiceClient,
  WholeRequest,
  WholeResponse,
} from './service-client.ts';

/** What a client needs of the project's session. */
export interface Session extends Tokens {
  readonly projectId: string;
  /** Throws `region.service-missing` when the catalogue has none. */
  endpoint(service: ServiceType, signal?: AbortSignal): Promise<string>;
}

/** A ServiceClient over one project's session. */
export class HttpServiceClient implements ServiceClient {
  readonly region: string;
  readonly service: string;
  readonly projectId: string;
  readonly #target: Target;
  readonly #caller: Caller;

  constructor(region: string, service: ServiceType, session: Session, caller: Caller) {
    this.region = region;
    this.service = service;
    this.projectId = session.projectId;
    this.#target = {
      service,
      endpoint: (signal) => session.endpoint(service, signal),
      tokens: session,
    };
    this.#caller = caller;
  }

  endpoint(signal?: AbortSignal): Promise<string> {
    return this.#target.endpoint(signal);
  }

  json(request: JsonRequest): Promise<JsonResponse> {
    return this.#caller.json(this.#target, request);
  }

  whole(request: WholeRequest): Promise<WholeResponse> {
    return this.#caller.whole(this.#target, request);
  }

  bulk(request: BulkRequest): Promise<BulkResponse> {
    return this.#caller.bulk(this.#target, request);
  }
}
