import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What goes from who connects to the target, what comes back, or both. */
export type Direction = 'requests' | 'answers' | 'both';

/**
 * A TCP connection to somewhere else that can fail as networks do: hang without a word, be refused,
 * and be whole again. It keeps its port throughout.
 */
export class TcpLink {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #hanging = new Set<Direction>();
  #port = 0;

  private constructor(host: string, port: number) {
    this.#target = { host, port };
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#join(socket));
  }

  static async open(port: number, host = '127.0.0.1'): Promise<TcpLink> {
    const link = new TcpLink(host, port);
    await link.#listen();
    return link;
  }

  get port(): number {
    return this.#port;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Nothing passes any more in this direction, and nobody is told: as behind a cable that was cut. */
  cut(direction: Direction = 'both'): void {
    this.#hanging = new Set(direction === 'both' ? ['requests', 'answers'] : [direction]);
    for (const pair of this.#pairs) this.#apply(pair);
  }

  /** Connections break, and new ones are refused: as where the process is gone. */
  async refuse(): Promise<void> {
    this.reset();
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  /** Connections break; new ones are taken. */
  reset(): void {
    for (const { near, far } of this.#pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /** What was held back since `cut` passes now. */
  async heal(): Promise<void> {
    this.#hanging.clear();
    for (const pair of this.#pairs) this.#apply(pair);
    if (!this.#server.listening) await this.#listen();
  }

  async close(): Promise<void> {
    await this.refuse();
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #join(near: Socket): void {
    const far = connect({ ...this.#target, allowHalfOpen: true });
    const pair = { near, far };
    this.#pairs.add(pair);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      // Either end's failure is the other's: what broke is seen by who uses the link.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
        this.#pairs.delete(pair);
      });
    }
    this.#apply(pair);
  }

  #apply({ near, far }: Pair): void {
    pass(near, far, this.#hanging.has('requests'));
    pass(far, near, this.#hanging.has('answers'));
  }
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

function pass(from: Socket, to: Socket, isHanging: boolean): void {
  from.unpipe(to);
  if (isHanging) from.pause();
  else from.pipe(to);
}
