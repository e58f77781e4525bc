import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import { Mirror } from '../mirror/mirror.ts';
import { keys } from '../state/keys.ts';
import { type Compare, type Entry, put, type Store } from '../store/store.ts';
import { HeldClaims } from './held-claims.ts';
import { type Life, Membership, type Place } from './membership.ts';
import { chosenFor } from './turn.ts';
import type { ClaimKind, Claims, Cluster, ControllerInfo } from './types.ts';

export interface ClusterDeps {
  readonly store: Store;
  readonly ambient: Ambient;
  readonly place: Place;
  /** Of this controller's lease: as long as it takes at most until its work is another's. */
  readonly leaseTtlMs: number;
}

type Live = Pick<Entry<unknown>, 'value' | 'modRevision'>;

const liveOf = ({ value, modRevision }: Entry<unknown>): Live => ({ value, modRevision });

const controllersPrefix = keys.controller().path;
const campaignPauseMs = 500;

/**
 * This controller among the others, over what lives under everybody's leases: a mirror of it tells
 * who is there and who leads, and of claims that are taken away. Nothing is decided by the mirror:
 * leadership and claims are keys that one transaction creates when they are absent.
 */
export class StoreCluster implements Cluster {
  readonly #deps: ClusterDeps;
  readonly #membership: Membership;
  readonly #claims: HeldClaims;
  readonly #live: Mirror<unknown, Live>;
  readonly #listeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  #controllers: readonly ControllerInfo[] = [];
  #campaign: Promise<void> | null = null;

  constructor(deps: ClusterDeps) {
    this.#deps = deps;
    const { store, ambient } = deps;
    this.#membership = new Membership(deps, (life) => this.#lives(life));
    this.#claims = new HeldClaims(store, ambient, () => this.#membership.life);
    this.#live = new Mirror({ store, ambient, prefix: keys.live(), project: liveOf });
    this.#live.onChange((_, revision) => this.#changed(revision));
  }

  /** Resolves when it is known who is there; not before the store answered. */
  async start(): Promise<void> {
    this.#membership.start();
    this.#live.start();
    await this.#live.ready;
  }

  /** Gives everything back, so that others go on at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#membership.stop();
    await this.#campaign;
    await this.#live.stop();
  }

  get claims(): Claims {
    return this.#claims;
  }

  heldClaims(): Readonly<Record<ClaimKind, number>> {
    return this.#claims.count();
  }

  get self(): ControllerInfo | null {
    return this.#membership.life?.info ?? null;
  }

  controllers(): readonly ControllerInfo[] {
    return this.#controllers;
  }

  leader(): ControllerInfo | null {
    return (this.#live.get(keys.leader())?.value as ControllerInfo | undefined) ?? null;
  }

  isLeader(): boolean {
    const { self } = this;
    return self !== null && this.leader()?.id === self.id;
  }

  leadership(): Compare | null {
    const { path } = keys.leader();
    const modRevision = this.#live.get({ path })?.modRevision;
    return modRevision === undefined || !this.isLeader() ? null : { path, modRevision };
  }

  isTurn(workId: string, regions: readonly string[]): boolean {
    const { self } = this;
    return self !== null && chosenFor(workId, regions, this.#controllers)?.id === self.id;
  }

  isYielding(group: string): boolean {
    return this.#live.get(keys.yields(group)) !== undefined;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #lives(life: Life | null): void {
    if (life === null) this.#claims.loseAll();
    else this.#stand();
    this.#tell();
  }

  #changed(revision: number): void {
    this.#claims.reconcile(revision, (path) => this.#live.get({ path }) !== undefined);
    this.#controllers = this.#found();
    if (this.leader() === null) this.#stand();
    this.#tell();
  }

  #found(): readonly ControllerInfo[] {
    const found: ControllerInfo[] = [];
    for (const [path, { value }] of this.#live.entries())
      if (path.startsWith(controllersPrefix)) found.push(value as ControllerInfo);
    return found;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** One campaign at a time, as long as nobody is known to lead. */
  #stand(): void {
    this.#campaign ??= this.#seek().finally(() => {
      this.#campaign = null;
      if (this.self !== null && this.leader() === null) this.#stand();
    });
  }

  /** Whoever creates the key leads, until its lease ends. Never rejects: what fails is tried again. */
  async #seek(): Promise<void> {
    const { store, ambient } = this.#deps;
    const { signal } = this.#stopping;
    const key = keys.leader();
    const absent = { path: key.path, modRevision: 0 };
    while (!signal.aborted && this.leader() === null) {
      const { life } = this.#membership;
      if (life === null) return;
      try {
        const outcome = await store.transact([absent], [put(key, life.info, life.lease)]);
        if (outcome.committed) ambient.log.info('controller leads', { controller: life.info.id });
      } catch (error) {
        if (!(error instanceof FarshoreError)) throw error;
        ambient.log.warn('controller cannot stand for leader', { error });
      }
      // Until the mirror shows who leads.
      await ambient.clock.sleep(campaignPauseMs, signal).catch(() => undefined);
    }
  }
}
