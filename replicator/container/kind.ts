import { isDeepStrictEqual } from 'node:util';
import { isStoredKey } from '../bank/stored-objects.ts';
import type { CatalogReader, Kind, StoredReference } from '../kind.ts';
import { catalogRows } from './catalog/row.ts';
import { rowsUnder } from './catalog/stored-once.ts';
import { fenceContainer, unfenceContainer } from './fence.ts';
import { findContainers } from './find.ts';
import { createContainerMover } from './mover.ts';
import { preflightContainers } from './preflight.ts';
import { containerSchema } from './schema.ts';
import { partsOf, type ContainerCapture, type ContainerCopy } from './types.ts';

function identityOf(
  copy: ContainerCopy,
): readonly (readonly [container: string, sha256: string])[] {
  return partsOf(copy).map(({ container, catalog }) => [container, catalog.sha256]);
}

/** Of less nothing is told: a handful of objects is rewritten on any day. */
const fewestObjects = 100;

/** What was sent, less what there is more of now, was rewritten; what there is less of is gone. */
function changedShare(
  before: ContainerCopy,
  after: ContainerCopy,
  sent: { readonly objects: number },
): number {
  if (before.objects < fewestObjects) return 0;
  // What was sent was lost in the secondary: the source is as it was.
  if (isDeepStrictEqual(identityOf(before), identityOf(after))) return 0;
  const gone = sent.objects - (after.objects - before.objects);
  return Math.min(1, Math.max(0, gone) / before.objects);
}

const referencesTold = 1_000;

/** The objects whose bytes lie under these keys. */
async function refersTo(
  copy: ContainerCopy,
  keys: ReadonlySet<string>,
  { bank, signal }: CatalogReader,
): Promise<readonly StoredReference[]> {
  const found: StoredReference[] = [];
  for (const { container, catalog } of partsOf(copy))
    for await (const { key, name } of rowsUnder(
      keys,
      catalogRows(bank.readCatalog(catalog, signal)),
    )) {
      found.push({ stored: key, subject: `${container}/${name}` });
      if (found.length === referencesTold) return found;
    }
  return found;
}

export const containerKind: Kind<ContainerCapture, ContainerCopy> = {
  name: 'container',
  plural: 'containers',
  after: [],
  options: null,
  mappings: {},
  costlyCheck: null,
  mover: createContainerMover,
  schema: containerSchema,
  needs: () => [],
  catalogs: (copy) => partsOf(copy).map(({ catalog }) => catalog.object),
  identity: identityOf,
  // Every object's bytes would be too many names: see `refersTo`.
  storedThings: () => [],
  refersTo,
  // Without a catalog nobody knows what the objects are.
  survives: (damage) => damage.every(({ stored }) => stored !== undefined && isStoredKey(stored)),
  changedShare,
  find: findContainers,
  preflight: preflightContainers,
  fence: fenceContainer,
  unfence: unfenceContainer,
};
