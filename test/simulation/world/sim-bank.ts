import { createHash } from 'node:crypto';
import { FarshoreError } from '../../../kernel/errors.ts';
import type { Bank, CatalogRef, HeldCatalog } from '../../../replicator/bank/bank.ts';
import type { Documents, ListFrom } from '../../../replicator/bank/documents.ts';
import type { Identity, Signature } from '../../../replicator/bank/identity.ts';
import { requireOwner, type BankOwner } from '../../../replicator/bank/owner.ts';
import { publishKey } from '../../../replicator/bank/signed.ts';
import type { ObjectStore } from '../../../regions/object-store/types.ts';
import type { RegionLink } from './region-link.ts';

/** A region's bank as one process reaches it. */
export class SimBank implements Bank {
  readonly container = 'farshore';
  readonly documents: Documents;
  former: readonly string[] = [];
  readonly #link: RegionLink;
  readonly #identity: Identity;
  #isPublished = false;

  constructor(link: RegionLink, identity: Identity) {
    this.#link = link;
    this.#identity = identity;
    this.documents = {
      place: link.region.name,
      read: (name, signal) =>
        link.read('read document', ({ bank }) => bank.get(name) ?? null, signal),
      write: (name, body, signal) => this.#put(groupOf(name), name, body, signal),
      create: (name, body, signal) => this.#create(name, body, signal),
      delete: (name, signal) => this.#delete(groupOf(name), name, signal),
      list: (prefix, options, signal) => this.#list(prefix, options, signal),
    };
  }

  /** The movers of the simulation use none; what slows reading down wraps it all the same. */
  readonly store = Object.freeze({}) as ObjectStore;

  get installation(): string {
    return this.#identity.installation;
  }

  async requireOwned(signal: AbortSignal): Promise<BankOwner> {
    const { clock } = this.#link.process;
    const owner = await requireOwner(this.documents, this.installation, clock, signal);
    this.former = owner.former.map(({ installation }) => installation);
    return owner;
  }

  async sign(bytes: Buffer): Promise<Signature> {
    const { signature, by } = await this.#identity.sign(bytes);
    if (!this.#isPublished) await publishKey(this.documents, by);
    this.#isPublished = true;
    return signature;
  }

  async writeCatalog(
    group: string,
    rows: AsyncIterable<unknown>,
    signal?: AbortSignal,
  ): Promise<CatalogRef> {
    const lines: string[] = [];
    for await (const row of rows) lines.push(JSON.stringify(row));
    const body = Buffer.from(lines.join('\n'));
    const sha256 = createHash('sha256').update(body).digest('hex');
    const object = `${group}/catalogs/${sha256}`;
    await this.#put(group, object, body, signal);
    return { object, sha256, rows: lines.length, bytes: body.length };
  }

  openCatalog(ref: CatalogRef, signal?: AbortSignal): Promise<HeldCatalog> {
    const rows = () => this.readCatalog(ref, signal);
    return Promise.resolve({ rows, [Symbol.asyncDispose]: () => Promise.resolve() });
  }

  async *readCatalog(ref: CatalogRef, signal?: AbortSignal): AsyncGenerator {
    const body = await this.#link.read(
      'read catalog',
      (region) => region.bank.get(ref.object),
      signal,
    );
    if (body === undefined)
      throw new FarshoreError('there is no such catalog', {
        code: 'bank.catalog-missing',
        kind: 'permanent',
        operation: 'read catalog',
        subject: ref.object,
      });
    if (body.length > 0)
      for (const line of body.toString().split('\n')) yield JSON.parse(line) as unknown;
  }

  async sweepCatalogs(
    group: string,
    kept: ReadonlySet<string>,
    signal?: AbortSignal,
  ): Promise<number> {
    const prefix = `${group}/catalogs/`;
    const found = await this.#link.read(
      'list catalogs',
      (region) => [...region.bank.keys()].filter((name) => name.startsWith(prefix)),
      signal,
    );
    const swept = found.filter((name) => !kept.has(name));
    for (const name of swept) await this.#delete(group, name, signal);
    return swept.length;
  }

  async writeManifest(
    group: string,
    point: string,
    body: Buffer,
    signal?: AbortSignal,
  ): Promise<{ readonly object: string; readonly sha256: string }> {
    const object = manifestName(group, point);
    await this.#put(group, object, body, signal);
    return { object, sha256: createHash('sha256').update(body).digest('hex') };
  }

  readManifest(group: string, point: string, signal?: AbortSignal): Promise<Buffer | null> {
    return this.#link.read(
      'read manifest',
      (region) => region.bank.get(manifestName(group, point)) ?? null,
      signal,
    );
  }

  deleteManifest(group: string, point: string, signal?: AbortSignal): Promise<boolean> {
    return this.#delete(group, manifestName(group, point), signal);
  }

  async *#list(
    prefix: string,
    { after = '' }: ListFrom = {},
    signal?: AbortSignal,
  ): AsyncGenerator<string> {
    const names = await this.#link.read(
      'list documents',
      ({ bank }) => [...bank.keys()].filter((name) => name.startsWith(prefix) && name > after),
      signal,
    );
    yield* names.toSorted();
  }

  /** As with `If-None-Match: *`. */
  async #create(object: string, body: Buffer, signal?: AbortSignal): Promise<boolean> {
    return this.#link.write(
      { operation: 'put bank object', subject: object },
      { type: 'group', group: groupOf(object) },
      ({ bank }) => {
        if (bank.has(object)) return false;
        bank.set(object, body);
        return true;
      },
      signal,
    );
  }

  async #put(group: string, object: string, body: Buffer, signal?: AbortSignal): Promise<void> {
    await this.#link.write(
      { operation: 'put bank object', subject: object },
      { type: 'group', group },
      (region) => {
        const isNew = region.bank.get(object)?.equals(body) !== true;
        region.bank.set(object, body);
        return isNew;
      },
      signal,
    );
  }

  #delete(group: string, object: string, signal?: AbortSignal): Promise<boolean> {
    return this.#link.write(
      { operation: 'delete bank object', subject: object },
      { type: 'group', group },
      (region) => region.bank.delete(object),
      signal,
    );
  }
}

function groupOf(name: string): string {
  return name.split('/')[0] ?? name;
}

export function manifestName(group: string, point: string): string {
  return `${group}/points/${point}.json`;
}
