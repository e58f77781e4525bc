import type { Endpoint } from './endpoint.ts';
import { methods } from './methods.ts';

export interface EtcdUser {
  readonly name: string;
  readonly password: string;
}

/** Proves to etcd who calls; etcd forgets a token that was not used for minutes, and says so. */
export class Token {
  readonly #user: EtcdUser | undefined;
  #current: Promise<string> | undefined;

  constructor(user: EtcdUser | undefined) {
    this.#user = user;
  }

  get isWanted(): boolean {
    return this.#user !== undefined;
  }

  /** Asked for at this member where there is none yet; throws RpcFailure. Undefined: no user is configured. */
  async at(
    endpoint: Endpoint,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (this.#user === undefined) return undefined;
    const { name, password } = this.#user;
    const asked = (this.#current ??= endpoint
      .call(methods.authenticate, { name, password }, { timeoutMs, signal })
      .then(({ token }) => token));
    try {
      return await asked;
    } catch (error) {
      if (this.#current === asked) this.#current = undefined;
      throw error;
    }
  }

  forget(): void {
    this.#current = undefined;
  }
}
