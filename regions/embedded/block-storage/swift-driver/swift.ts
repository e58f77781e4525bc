import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { innerCall, type InnerRequest } from '../../http/inner-call.ts';
import type { Reply } from '../../http/reply.ts';
import { answer, type Service } from '../../http/service.ts';

/** Why cinder-backup gave up: ends in the backup's `fail_reason`. */
export class BackupFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BackupFailure';
  }
}

const rowsAtOnce = 10_000;

/** A project's own account, with the token of whoever asked (`backup_swift_auth = per_user`). */
export class SwiftAccount {
  readonly #service: Service;
  readonly #token: string;
  readonly #account: string;
  readonly #signal: AbortSignal;

  constructor(service: Service, token: string, projectId: string, signal: AbortSignal) {
    this.#service = service;
    this.#token = token;
    this.#account = `/v1/AUTH_${projectId}`;
    this.#signal = signal;
  }

  /** Makes the container when it is not there. */
  async ensure(container: string): Promise<void> {
    const path = this.#path(container);
    const { status } = await this.#send({ method: 'HEAD', path });
    if (status < 300) return;
    if (status !== 404)
      throw new BackupFailure(
        `Connection to swift failed: Container HEAD failed: ${path} ${status}`,
      );
    await this.#need({ method: 'PUT', path }, 'Container PUT');
  }

  async put(container: string, name: string, body: Buffer): Promise<void> {
    const headers = { 'content-length': String(body.length) };
    const path = this.#path(container, name);
    await this.#need({ method: 'PUT', path, headers, body }, 'Object PUT');
  }

  async get(container: string, name: string): Promise<Readable> {
    const path = this.#path(container, name);
    const { body = '' } = await this.#need({ method: 'GET', path }, 'Object GET');
    return body instanceof Readable ? body : Readable.from([Buffer.from(body)]);
  }

  /** All names that begin with the prefix. */
  async list(container: string, prefix: string): Promise<string[]> {
    const names: string[] = [];
    for (;;) {
      const query = new URLSearchParams({ prefix, limit: String(rowsAtOnce), format: 'json' });
      const marker = names.at(-1);
      if (marker !== undefined) query.set('marker', marker);
      const path = `${this.#path(container)}?${query.toString()}`;
      const { body = '' } = await this.#need({ method: 'GET', path }, 'Container GET');
      const json = body instanceof Readable ? await text(body) : body.toString();
      const rows = json === '' ? [] : (JSON.parse(json) as readonly { readonly name: string }[]);
      if (rows.length === 0) return names;
      for (const { name } of rows) names.push(name);
    }
  }

  async remove(container: string, name: string): Promise<void> {
    await this.#need({ method: 'DELETE', path: this.#path(container, name) }, 'Object DELETE');
  }

  #path(container: string, name?: string): string {
    const object =
      name === undefined ? '' : `/${name.split('/').map(encodeURIComponent).join('/')}`;
    return `${this.#account}/${encodeURIComponent(container)}${object}`;
  }

  async #need(request: Omit<InnerRequest, 'token'>, what: string): Promise<Reply> {
    const reply = await this.#send(request);
    if (reply.status < 300) return reply;
    if (reply.body instanceof Readable) reply.body.destroy();
    throw new BackupFailure(`${what} failed: ${request.path} ${reply.status}`);
  }

  #send(request: Omit<InnerRequest, 'token'>): Promise<Reply> {
    this.#signal.throwIfAborted();
    return answer(this.#service, innerCall({ ...request, token: this.#token }, this.#signal));
  }
}
