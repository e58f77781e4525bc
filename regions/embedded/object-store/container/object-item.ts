import { listedType } from '../../../object-store/content-type.ts';
import type { Item } from '../listing/formats.ts';
import type { RowRecord } from '../records.ts';
import type { Request } from '../request.ts';
import { listingTime, stamp } from '../times.ts';
import { quote, textOf } from '../wire.ts';

/** A row as the listing's JSON has it; XML and text take what they show from it. */
export function objectItem(request: Request, name: string, row: RowRecord): Item {
  const { versionId } = row;
  if (versionId !== undefined) {
    const path = quote(`${request.account}/${request.container}/${name}`);
    return {
      ...plainItem(name, {
        ...row,
        etag: row.symlinkEtag ?? row.etag,
        bytes: row.symlinkBytes ?? 0,
      }),
      symlink_path: `/v1/${path}?version-id=${stamp(versionId)}`,
      version_symlink: true,
    };
  }
  const { symlinkPath, symlinkEtag, symlinkBytes } = row;
  return {
    ...plainItem(name, row),
    ...(symlinkEtag === undefined ? {} : { symlink_etag: symlinkEtag }),
    ...(symlinkBytes === undefined ? {} : { symlink_bytes: symlinkBytes }),
    ...(symlinkPath === undefined ? {} : { symlink_path: symlinkPath }),
  };
}

function plainItem(name: string, row: RowRecord): Item {
  const { bytes, sloBytes, etag, contentType, changedAt, sloEtag } = row;
  return {
    bytes: sloBytes ?? bytes,
    hash: etag,
    name,
    content_type: listedType(textOf(contentType)),
    last_modified: listingTime(changedAt),
    ...(sloEtag === undefined ? {} : { slo_etag: sloEtag }),
  };
}
