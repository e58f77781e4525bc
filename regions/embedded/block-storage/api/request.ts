import { type Call, header, parsedJson, wholeBody } from '../../http/call.ts';
import { Refusal } from '../../http/refusal.ts';
import { isAdmin, type Requester } from '../../identity/authority.ts';

/** What Cinder says when it has nothing better (webob's default for 400). */
export const malformed =
  'The server could not comply with the request since it is either malformed or otherwise incorrect.';

const longestBodyBytes = 114_688;
const jsonTypes = ['application/json', 'application/vnd.openstack.volume+json'];

/** A request below `/v3`, its version and its requester known. */
export interface ApiRequest {
  readonly call: Call;
  readonly requester: Requester;
  /** Of the token: where things are made. */
  readonly projectId: string;
  readonly isAdmin: boolean;
  /** Minor part of the microversion: 70 for 3.70. */
  readonly minor: number;
  /** `http://…/v3/<project>`, what links begin with; the project only where the request has it. */
  readonly base: string;
  /** The same without the version. */
  readonly bookmarkBase: string;
  /** The whole body as JSON. */
  json(): Promise<unknown>;
}

export function apiRequest(
  call: Call,
  requester: Requester & { readonly project: { readonly id: string } },
  minor: number,
  roots: { readonly base: string; readonly bookmarkBase: string },
): ApiRequest {
  return {
    call,
    requester,
    projectId: requester.project.id,
    isAdmin: isAdmin(requester),
    minor,
    ...roots,
    json: () => readJson(call),
  };
}

async function readJson(call: Call): Promise<unknown> {
  const body = await wholeBody(call, longestBodyBytes);
  const [type = ''] = (header(call, 'content-type') ?? '').split(';');
  if (body.length === 0 || type === '') throw new Refusal(400, malformed);
  if (!jsonTypes.includes(type.trim().toLowerCase()))
    throw new Refusal(415, 'Unsupported Content-Type');
  try {
    return parsedJson(body.toString('utf8'));
  } catch {
    throw new Refusal(400, 'Malformed request body');
  }
}

/** An administrator's right, by its name in Cinder's policy. */
export function requireAdmin(request: ApiRequest, policy: string): void {
  if (!request.isAdmin) throw new Refusal(403, `Policy doesn't allow ${policy} to be performed.`);
}

/** Calls that came with a microversion do not exist before it. */
export function requireMinor(request: ApiRequest, minor: number): void {
  if (request.minor < minor) throw new Refusal(404, 'The resource could not be found.');
}
