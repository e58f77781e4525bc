import type { Change } from '../change.ts';
import { deletedType, isAlive } from '../find-object.ts';
import { versionName } from '../keys.ts';
import { type ObjectRecord, targetOf, type Ticks } from '../records.ts';
import { noBytes } from '../object/store-body.ts';
import { omit } from '../omit.ts';
import type { Core } from '../request.ts';

/** The record as the newest version, the object a link to it. The link expires, the version stays. */
export async function putVersion(
  core: Core,
  change: Change,
  container: string,
  object: string,
  record: ObjectRecord,
): Promise<void> {
  await keepUnversioned(core, change, container, object);
  const { deleteAtSeconds, ...version } = record;
  await change.putObject(container, versionName(object, record.changedAt), version);
  await change.putObject(container, object, linkTo(record, record.changedAt, deleteAtSeconds));
}

/** DELETE under versioning. False: there was no object, but there is a delete marker all the same. */
export async function putDeleteMarker(
  core: Core,
  change: Change,
  container: string,
  object: string,
  at: Ticks,
): Promise<boolean> {
  await keepUnversioned(core, change, container, object);
  await change.putObject(container, versionName(object, at), {
    ...noBytes,
    changedAt: at,
    writtenAt: at,
    contentType: deletedType,
    headers: {},
    isDeleteMarker: true,
  });
  const wasThere = isAlive(core, await change.object(container, object));
  await change.deleteObject(container, object);
  return wasThere;
}

/** The link of a version, as versioning makes it: it repeats the metadata that the version got. */
export function linkTo(
  version: Pick<ObjectRecord, 'etag' | 'bytes' | 'slo' | 'headers' | 'contentType' | 'changedAt'>,
  id: Ticks,
  deleteAtSeconds?: number,
): ObjectRecord {
  return {
    ...noBytes,
    changedAt: version.changedAt,
    writtenAt: version.changedAt,
    contentType: version.contentType.split(';')[0] ?? '',
    headers: omit(version.headers, 'x-object-manifest'),
    versionLink: { id, ...targetOf(version) },
    ...(deleteAtSeconds === undefined ? {} : { deleteAtSeconds }),
  };
}

/** What was written while versioning was off becomes a version, of its own time. */
async function keepUnversioned(
  core: Core,
  change: Change,
  container: string,
  object: string,
): Promise<void> {
  const current = await change.object(container, object);
  if (!isAlive(core, current) || current.versionLink !== undefined) return;
  await change.putObject(container, versionName(object, current.changedAt), current);
}
