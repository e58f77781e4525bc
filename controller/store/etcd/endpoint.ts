import {
  Client,
  connectivityState,
  credentials,
  Metadata,
  status,
  type ChannelCredentials,
  type ClientDuplexStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { Clock } from '../../../kernel/clock.ts';
import { RpcFailure } from './failures.ts';
import type { Method } from './methods.ts';

/** PEM texts. */
export interface TlsOptions {
  /** Absent: the authorities that the system trusts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly token?: string | undefined;
  /** Of what one member answers from what it has, whether or not it knows a leader. */
  readonly isLocal?: boolean;
}

/**
 * One address, one connection, none of gRPC's own ideas about which address to use, when to try
 * again and where proxies are: those who call decide. Keep-alive pings are left out, since servers
 * that allow fewer of them break the connection: whatever hangs is found by the time that a call or
 * a watch may take, and gets a new connection then.
 */
const channelOptions = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
};

/** One member of etcd, as it is reached at one address. */
export class Endpoint {
  readonly address: string;
  readonly #clock: Clock;
  readonly #credentials: ChannelCredentials;
  #client: Client | undefined;
  #isClosed = false;
  #answeredAt = -Infinity;

  /** `address`: `host:port`. */
  constructor(address: string, tls: TlsOptions | undefined, clock: Clock) {
    this.address = address;
    this.#clock = clock;
    this.#credentials = credentialsOf(tls, hostOf(address));
  }

  /** Throws RpcFailure only. */
  async call<Q, A>(method: Method<Q, A>, request: Q, options: CallOptions): Promise<A> {
    const startedAt = this.#clock.monotonicMs();
    const ended = new AbortController();
    const tooLate = this.#clock
      .sleep(options.timeoutMs, AbortSignal.any([ended.signal, options.signal]))
      .then(
        () =>
          new RpcFailure(
            status.DEADLINE_EXCEEDED,
            `no answer in ${Math.round(options.timeoutMs)} ms`,
          ),
        () => new RpcFailure(status.CANCELLED, 'given up'),
      );
    let isSent = false;
    try {
      const client = await first(this.#ready(options.timeoutMs), tooLate);
      isSent = true;
      return await this.#send(client, method, request, options, tooLate);
    } catch (error) {
      const failure = RpcFailure.of(error, isSent);
      const isSilent = this.#answeredAt < startedAt;
      // Packets may vanish on the way of this connection only: the next call gets another one.
      if (failure.status === status.DEADLINE_EXCEEDED && isSilent) this.#drop();
      throw failure;
    } finally {
      ended.abort();
    }
  }

  /** Needs a leader, as long as it lasts. The caller ends it. Fails with what gRPC's streams fail with, soon when it is not connected. */
  stream<Q, A>(method: Method<Q, A>, token: string | undefined): ClientDuplexStream<Q, A> {
    return this.#connected().makeBidiStreamRequest(
      method.path,
      method.encode,
      method.decode,
      metadataOf(token),
    );
  }

  /** A stream on it fell silent. */
  suspect(): void {
    this.#drop();
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  #connected(): Client {
    if (this.#isClosed) throw new RpcFailure(status.CANCELLED, 'closed');
    this.#client ??= new Client(this.address, this.#credentials, {
      ...channelOptions,
      ...(isIP(hostOf(this.address)) === 0 ? {} : { 'grpc.ssl_target_name_override': noName }),
    });
    return this.#client;
  }

  /** What is sent over a connection that is not there yet would wait, and nobody knew whether it left. */
  #ready(timeoutMs: number): Promise<Client> {
    return new Promise((resolve, reject) => {
      const client = this.#connected();
      if (client.getChannel().getConnectivityState(true) === connectivityState.READY) {
        resolve(client);
        return;
      }
      client.waitForReady(new Date(this.#clock.now() + timeoutMs), (error) => {
        if (error === undefined) resolve(client);
        else reject(new RpcFailure(status.UNAVAILABLE, 'no connection'));
      });
    });
  }

  #send<Q, A>(
    client: Client,
    method: Method<Q, A>,
    request: Q,
    options: CallOptions,
    tooLate: Promise<RpcFailure>,
  ): Promise<A> {
    return new Promise((resolve, reject) => {
      const { path, encode, decode } = method;
      const answered = (error: ServiceError | null, answer?: A) => {
        if (error === null || error.code !== status.CANCELLED)
          this.#answeredAt = this.#clock.monotonicMs();
        if (error !== null) reject(error);
        else resolve(answer as A);
      };
      const metadata = metadataOf(options.token, options.isLocal);
      const call = client.makeUnaryRequest(path, encode, decode, request, metadata, answered);
      void tooLate.then((failure) => {
        reject(failure);
        call.cancel();
      });
    });
  }

  #drop(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}

function credentialsOf(tls: TlsOptions | undefined, host: string): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { ca, cert, key } = tls;
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text));
  return credentials.createSsl(pem(ca), pem(key), pem(cert), {
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  });
}

/** Sent where a server is called by its address: TLS asks for a name then, and takes no address. */
const noName = 'etcd';

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

/** A member that knows no leader says so at once, instead of letting us wait for one. */
function metadataOf(token: string | undefined, isLocal = false): Metadata {
  const metadata = new Metadata();
  if (!isLocal) metadata.set('hasleader', 'true');
  if (token !== undefined) metadata.set('token', token);
  return metadata;
}

async function first<R>(work: Promise<R>, tooLate: Promise<RpcFailure>): Promise<R> {
  const winner = await Promise.race([work.then((value) => ({ value })), tooLate]);
  if (winner instanceof RpcFailure) throw winner;
  return winner.value;
}
