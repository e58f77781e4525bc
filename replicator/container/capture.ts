import type { Clock } from '../../kernel/clock.ts';
import { isoTime } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { ListingRow } from '../../regions/object-store/types.ts';
import type { ResourceRef, SessionContext } from '../mover.ts';
import { CaptureSpool } from './catalog/spool.ts';
import { containerHeaders, uncarried } from './naming.ts';
import type { ContainerCapture } from './types.ts';

/** How far a listing may be behind what was acknowledged, unless the region says otherwise. */
const usualListingLagMs = 5_000;

/**
 * One pass over the source's listing, onto the local disk. Called again it gives what the first call
 * fixed, as long as the spool is there; a spool that was lost is made anew, with a later data time.
 */
export async function captureContainer(
  resource: ResourceRef,
  session: SessionContext,
  clock: Clock,
): Promise<ContainerCapture> {
  const { source, signal } = session;
  const spool = new CaptureSpool(session.spoolDir, resource.id);
  const before = await spool.read();
  if (before !== null) return before;
  // A listing may lack what was acknowledged shortly before it was asked for.
  const lagMs = session.listingLagMs ?? usualListingLagMs;
  const dataTime = isoTime(clock.now() - lagMs);
  const info = await source.objectStore.headContainer(resource.id, signal);
  if (info === null) throw notFound(resource, session);
  const total = { objects: 0, bytes: 0 };
  const counted = async function* (): AsyncGenerator<ListingRow> {
    for await (const row of source.objectStore.list(resource.id, { signal })) {
      total.objects += 1;
      total.bytes += row.bytes;
      yield row;
    }
  };
  const listing = await spool.writeListing(counted());
  const capture: ContainerCapture = {
    kind: 'container',
    resource,
    dataTime,
    headers: containerHeaders(info),
    notes: uncarried(info),
    spool: spool.name,
    ...total,
  };
  await spool.writeRecord({ capture, listing });
  return capture;
}

function notFound(resource: ResourceRef, session: SessionContext): FarshoreError {
  return new FarshoreError(
    `there is no such container in project ${session.source.projectName} of region ${session.source.region}`,
    {
      code: 'container.not-found',
      kind: 'permanent',
      operation: 'capture container',
      subject: resource.id,
      hint: 'correct the group, or create the container',
    },
  );
}
