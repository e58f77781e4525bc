import { compareNames } from '../../../regions/object-store/names.ts';
import type { TargetContext } from '../../mover.ts';
import { mergeByName } from '../catalog/merge.ts';
import { catalogRows, kindOf, type CatalogRow } from '../catalog/row.ts';
import type { SegmentRef } from '../ship/manifest.ts';
import type { MirrorCopy } from '../types.ts';
import type { Findings } from '../../findings.ts';

/** References held before they are compared: some tens of megabytes at the most. */
const held = 50_000;

interface Expected {
  readonly name: string;
  readonly owner: string;
  readonly etag: string | undefined;
}

/**
 * Collects what manifests refer to and compares it with the catalogs of the point, many at a time:
 * a segment that no catalog names would not be there after a restore.
 */
export class SegmentCheck {
  readonly #copies: ReadonlyMap<string, MirrorCopy>;
  readonly #at: TargetContext;
  readonly #findings: Findings;
  #expected = new Map<string, Expected[]>();
  #count = 0;

  constructor(copies: readonly MirrorCopy[], at: TargetContext, findings: Findings) {
    this.#copies = new Map(copies.map((copy) => [copy.mirror, copy]));
    this.#at = at;
    this.#findings = findings;
  }

  expect(owner: string, segments: readonly SegmentRef[]): void {
    for (const { container, name, etag } of segments) {
      const list = this.#expected.get(container) ?? [];
      list.push({ name, owner, etag });
      this.#expected.set(container, list);
      this.#count += 1;
    }
  }

  /** Compares once enough is held; `all` at the end. */
  async settle(all?: 'all'): Promise<void> {
    if (this.#count < held && all === undefined) return;
    const expected = this.#expected;
    this.#expected = new Map();
    this.#count = 0;
    for (const [mirror, list] of expected) await this.#compare(mirror, list);
  }

  async #compare(mirror: string, list: readonly Expected[]): Promise<void> {
    const copy = this.#copies.get(mirror);
    if (copy === undefined) {
      for (const { owner, name } of list)
        this.#findings.add(owner, 'missing', `its segment ${mirror}/${name} is in no catalog`);
      return;
    }
    const ordered = list.toSorted((a, b) => compareNames(a.name, b.name));
    const rows = catalogRows(this.#at.bank.readCatalog(copy.catalog, this.#at.signal));
    for await (const { groups } of mergeByName<[Expected, CatalogRow]>(each(ordered), rows)) {
      const row = groups[1].at(-1);
      for (const expected of groups[0]) {
        const isEqual = row !== undefined && isSegment(row, expected.etag);
        if (isEqual) continue;
        const what = row === undefined ? 'is not in its catalog' : 'is another in its catalog';
        const problem = row === undefined ? 'missing' : 'altered';
        this.#findings.add(
          expected.owner,
          problem,
          `its segment ${mirror}/${expected.name} ${what}`,
        );
      }
    }
  }
}

/** The ETag of a DLO's or symlink's whole is in no catalog; Swift compared it when it took the manifest. */
function isSegment(row: CatalogRow, etag: string | undefined): boolean {
  const kind = kindOf(row);
  if (etag === undefined || kind === 'dlo' || kind === 'symlink') return true;
  return etag === (row.sloEtag ?? row.hash);
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}
