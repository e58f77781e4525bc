import type { Ambient } from '../../../kernel/ambient.ts';
import { FarshoreError } from '../../../kernel/errors.ts';
import { abilitiesOf } from '../../../regions/object-store/abilities.ts';
import type { ListingRow } from '../../../regions/object-store/types.ts';
import type { CatalogRef } from '../../bank/bank.ts';
import type { StoredObjects } from '../../bank/stored-objects.ts';
import type { Previous, SessionContext } from '../../mover.ts';
import type { ByteBudget } from '../../transfer/byte-budget.ts';
import type { Pace } from '../../transfer/pace.ts';
import { captureContainer } from '../capture.ts';
import { limitOf } from '../catalog/limits.ts';
import { isLostCatalog } from '../catalog/lost.ts';
import { RowFile } from '../catalog/row-file.ts';
import { kindOf, ownBytes, type CatalogRow } from '../catalog/row.ts';
import { sortOnDisk, type SortedRows } from '../catalog/sort.ts';
import { CaptureSpool } from '../catalog/spool.ts';
import {
  partsOf,
  type ContainerCapture,
  type ContainerCopy,
  type ContainerPart,
} from '../types.ts';
import type { ShipContext, Stored } from './context.ts';
import type { ContentIndex } from './content-index.ts';
import { DamagedKeys } from './damaged-keys.ts';
import { HeldCatalogs } from './held-catalogs.ts';
import { OutcomeJournals } from './outcome-journal.ts';
import {
  brokenAmong,
  collectReferences,
  countByContainer,
  referredTo,
  type Broken,
  type RefRow,
} from './references.ts';
import { takeContainer, type Taken } from './take-container.ts';
import { lacksKept, Tally } from './tally.ts';
import { Trouble } from './trouble.ts';
import { withoutBroken } from './without-broken.ts';

/** A large object made of large objects made of large objects: Swift itself reads no deeper. */
const deepest = 10;

/** What the containers of one session share. */
export interface SessionParts {
  readonly pace: Pace;
  readonly budget: ByteBudget;
  readonly contents: ContentIndex;
  /** By container, the catalogs that this session wrote of it or of parts of it. */
  readonly made: Map<string, CatalogRef[]>;
}

export interface ShipDeps {
  readonly ambient: Ambient;
  readonly stored: StoredObjects;
  readonly since: string;
  readonly parts: SessionParts;
}

interface Part {
  readonly capture: ContainerCapture;
  readonly taken: Taken;
  readonly tally: Tally;
  /** Of a part: the rows of the listing that it is about. */
  readonly scoped: RowFile<ListingRow> | null;
  readonly isWhole: boolean;
  /** What may be carried first: the catalog of the copy before. */
  readonly before: CatalogRef | undefined;
}

/**
 * One container, and what its objects refer to in others. Order: bytes of its objects, bytes of what they
 * refer to, catalogs. Killed anywhere: the bank holds bytes that no catalog names. The manifest, which
 * names the catalogs, is written by the session, last.
 */
export async function shipContainer(
  capture: ContainerCapture,
  previous: Previous<ContainerCopy> | null,
  session: SessionContext,
  deps: ShipDeps,
): Promise<ContainerCopy> {
  try {
    return await shipOnce(capture, previous, session, deps);
  } catch (error) {
    if (previous === null || !isLostCatalog(error)) throw error;
    // The bank lost what the copy before was made of, or holds it altered: the source is read again.
    deps.parts.made.clear();
    return await shipOnce(capture, null, session, deps);
  }
}

async function shipOnce(
  capture: ContainerCapture,
  previous: Previous<ContainerCopy> | null,
  session: SessionContext,
  deps: ShipDeps,
): Promise<ContainerCopy> {
  await using catalogs = new HeldCatalogs(session.bank, session.signal);
  return await new ContainerShip(previous, session, deps, catalogs).run(capture);
}

class ContainerShip {
  readonly #previous: Previous<ContainerCopy> | null;
  readonly #session: SessionContext;
  readonly #deps: ShipDeps;
  readonly #damaged: DamagedKeys;
  readonly #catalogs: HeldCatalogs;

  constructor(
    previous: Previous<ContainerCopy> | null,
    session: SessionContext,
    deps: ShipDeps,
    catalogs: HeldCatalogs,
  ) {
    this.#previous = previous;
    this.#session = session;
    this.#deps = deps;
    this.#damaged = new DamagedKeys(previous?.damage ?? []);
    this.#catalogs = catalogs;
  }

  async run(capture: ContainerCapture): Promise<ContainerCopy> {
    const own = await this.#take(capture.resource.id, null);
    const parts = new Map<string, Part>();
    try {
      const references = await this.#follow(own, parts);
      await using refs = references;
      await using broken = await this.#broken(own, parts, refs);
      return await this.#write(own, parts, broken);
    } finally {
      for (const part of [own, ...parts.values()]) await dispose(part);
    }
  }

  /** Takes what is referred to, and what that refers to, until nothing new is. */
  async #follow(own: Part, parts: Map<string, Part>): Promise<SortedRows<RefRow>> {
    const seen = new Map<string, number>([[own.capture.resource.id, 0]]);
    for (let depth = 0; ; depth += 1) {
      const references = await this.#collect(own, parts);
      try {
        if (depth === deepest || !(await this.#takeParts(references, seen, parts)))
          return references;
      } catch (error) {
        await references[Symbol.asyncDispose]();
        throw error;
      }
      await references[Symbol.asyncDispose]();
    }
  }

  /** False when nothing is referred to that was not before. */
  async #takeParts(
    references: SortedRows<RefRow>,
    seen: Map<string, number>,
    parts: Map<string, Part>,
  ): Promise<boolean> {
    const [own] = seen.keys();
    const counts = await countByContainer(references);
    const grown = [...counts].filter(([name, count]) => name !== own && count !== seen.get(name));
    for (const [name, count] of grown) {
      seen.set(name, count);
      const found = await this.#take(name, references).catch(ignoreMissing);
      if (found === undefined) continue;
      const before = parts.get(name);
      parts.set(name, found);
      if (before !== undefined) await dispose(before);
    }
    return grown.length > 0;
  }

  async #collect(own: Part, parts: ReadonlyMap<string, Part>): Promise<SortedRows<RefRow>> {
    const referring = [own, ...parts.values()].filter(({ taken }) => taken.references > 0);
    const sources = referring.map(({ capture, taken }) => ({
      container: capture.resource.id,
      rows: () => taken.rows(),
    }));
    return await collectReferences(sources, this.#place());
  }

  /** All of a container, or of it what is referred to. */
  async #take(container: string, references: SortedRows<RefRow> | null): Promise<Part> {
    const session = this.#session;
    const { ambient, stored, parts } = this.#deps;
    const { pace, budget, contents } = parts;
    const resource = { kind: 'container', id: container, name: container } as const;
    const capture = await captureContainer(resource, session, ambient.clock);
    const tally = new Tally();
    const trouble = new Trouble();
    const ctx: ShipContext = {
      ...{ ambient, session, container, stored, pace, budget, contents, trouble, tally },
      isDamagedKey: (key) => this.#damaged.hasKey(key),
    };
    const spool = new CaptureSpool(session.spoolDir, container);
    // The references are collected anew; what was found by these is read again later.
    const scoped = references === null ? null : await this.#scoped(references, container);
    const catalogs = this.#catalogsOf(container);
    const scope = references === null ? 'all' : 'parts';
    const order = {
      ctx,
      listing: () => scoped?.rows() ?? spool.listing(),
      previous: catalogs.map((catalog) => () => this.#catalogs.rows(catalog)),
      journals: new OutcomeJournals<Stored>(session.spoolDir, `${spool.stem}-${scope}`),
      isDamaged: (row: CatalogRow) => this.#damaged.has(row, container),
    };
    const taken = await takeContainer(order).catch(async (error: unknown) => {
      await scoped?.[Symbol.asyncDispose]();
      throw error;
    });
    const isWhole = references === null;
    return { capture, taken, tally, isWhole, scoped, before: catalogs[0] };
  }

  async #scoped(references: SortedRows<RefRow>, container: string): Promise<RowFile<ListingRow>> {
    const { spoolDir, signal } = this.#session;
    const listing = new CaptureSpool(spoolDir, container).listing();
    const rows = referredTo(listing, references, container);
    return await RowFile.write(spoolDir, this.#deps.ambient.random, rows, signal);
  }

  /** What may be carried of it: of the copy before, and of what this session wrote already. */
  #catalogsOf(container: string): readonly CatalogRef[] {
    const before = this.#previous === null ? [] : partsOf(this.#previous.copy);
    const all = [
      ...before.filter((part) => part.container === container).map(({ catalog }) => catalog),
      ...(this.#deps.parts.made.get(container) ?? []),
    ];
    return [...new Map(all.map((catalog) => [catalog.sha256, catalog])).values()];
  }

  /** Sorted by the name of the object that refers to what is not in the point. */
  async #broken(
    own: Part,
    parts: ReadonlyMap<string, Part>,
    refs: SortedRows<RefRow>,
  ): Promise<SortedRows<Broken>> {
    const id = own.capture.resource.id;
    const rowsOf = (container: string) =>
      (container === id ? own : parts.get(container))?.taken.rows() ?? null;
    const containers = (await countByContainer(refs)).keys();
    return await sortOnDisk(brokenAmong(refs, containers, rowsOf), this.#place());
  }

  async #write(
    own: Part,
    parts: ReadonlyMap<string, Part>,
    broken: SortedRows<Broken>,
  ): Promise<ContainerCopy> {
    const { capture, taken, tally } = own;
    const lackingBelow = [...parts.values()].reduce((sum, { tally }) => sum + tally.lacking, 0);
    const { objectStore, region } = this.#session.target;
    const abilities = abilitiesOf(await objectStore.info(this.#session.signal));
    const limit = (row: CatalogRow): void => {
      const why = limitOf(row, abilities);
      if (why !== null) tally.note(`cannot be restored in ${region}: they ${why}`, row.name);
    };
    const container = capture.resource.id;
    const order = { container, broken, tally, isLackingBelow: lackingBelow > 0 };
    const kept = () => withoutBroken(taken.rows(), order, limit);
    const isAll = broken.count === 0 && taken.references === 0;
    const whole = await this.#catalog(own, kept, isAll);
    const segments = [];
    for (const part of parts.values())
      segments.push(await this.#catalog(part, () => part.taken.rows(), true));
    const all = [own, ...parts.values()];
    const catalogs = [whole, ...segments];
    const lacks = all.flatMap(({ tally }) => tally.lacks).slice(0, lacksKept);
    const lacking = all.reduce((sum, { tally }) => sum + tally.lacking, 0);
    return {
      kind: 'container',
      format: 2,
      resource: capture.resource,
      dataTime: capture.dataTime,
      consistency: 'listing',
      objects: catalogs.reduce((sum, { part }) => sum + part.catalog.rows, 0),
      bytes: catalogs.reduce((sum, { bytes }) => sum + bytes, 0),
      ...whole.part,
      segments: segments.map(({ part }) => part),
      writtenSince: this.#deps.since,
      ...(lacking === 0 ? {} : { lacks, lacking }),
      notes: [
        ...all.flatMap(({ capture: { notes } }) => notes),
        ...all.flatMap(({ tally, capture: { resource } }) => tally.notes(resource.id)),
      ],
    };
  }

  /** The catalog before is the new one where nothing changed: then nothing is written. */
  async #catalog(
    { capture, taken, before, isWhole }: Part,
    rows: () => AsyncIterable<CatalogRow>,
    isAll: boolean,
  ): Promise<{ readonly part: ContainerPart; readonly bytes: number }> {
    const { bank, group, signal } = this.#session;
    const container = capture.resource.id;
    const total = { bytes: 0, references: 0 };
    const counted = async function* (): AsyncGenerator<CatalogRow> {
      for await (const row of rows()) {
        total.bytes += ownBytes(row);
        if (kindOf(row) !== 'plain') total.references += 1;
        yield row;
      }
    };
    let catalog = before;
    if (catalog === undefined || !taken.isUnchanged || !isAll)
      catalog = await bank.writeCatalog(group, counted(), signal);
    else Object.assign(total, { bytes: taken.bytes, references: taken.references });
    const made = this.#deps.parts.made.get(container) ?? [];
    this.#deps.parts.made.set(container, [...made, catalog]);
    const { references, bytes } = total;
    const part = { container, headers: capture.headers, catalog, references, isWhole };
    return { part, bytes };
  }

  #place() {
    const { spoolDir, signal } = this.#session;
    return { spoolDir, signal, random: this.#deps.ambient.random };
  }
}

async function dispose({ taken, scoped }: Part): Promise<void> {
  await taken[Symbol.asyncDispose]();
  await scoped?.[Symbol.asyncDispose]();
}

/** What a container that is not there would hold is found missing when references are compared. */
function ignoreMissing(error: unknown): undefined {
  const codes = ['container.not-found', 'object-store.invalid-name'];
  if (error instanceof FarshoreError && codes.includes(error.code)) return undefined;
  throw error;
}
