import type { PointManifest, RecoveryPoint } from '../../../replicator/point/types.ts';
import { formatsOf } from '../../../replicator/point/formats.ts';
import { manifestSha256, encodeManifest } from '../../../replicator/point/manifest.ts';
import { provenMember } from '../../../replicator/point/members.ts';
import { copyOf } from '../../support/memory/copies.ts';
import { container, image, volume } from '../session/harness.ts';

export function sampleManifest(changes: Partial<PointManifest> = {}): PointManifest {
  return {
    format: 2,
    installation: 'test',
    id: '20261121T080000Z-0001',
    group: 'shop',
    generation: 1,
    sessionId: '20261121T080000Z-0001',
    sourceRegion: 'east',
    region: 'west',
    cutStart: '2026-11-21T08:00:00.000Z',
    cutEnd: '2026-11-21T08:00:02.000Z',
    dataTime: '2026-11-21T08:00:00.000Z',
    previous: null,
    copies: [
      copyOf(volume, 'one', '2026-11-21T08:00:01.000Z'),
      copyOf(image, 'two', '2026-11-21T08:00:00.000Z'),
      copyOf(container, 'three', '2026-11-21T08:00:02.000Z'),
    ],
    lacks: [],
    ...changes,
  };
}

export function sampleHead(changes: Partial<RecoveryPoint> = {}): RecoveryPoint {
  const manifest = sampleManifest();
  const { id, group, generation, sourceRegion, region, cutStart, cutEnd, dataTime } = manifest;
  return {
    id,
    group,
    generation,
    // Committed in the order of their data.
    sequence: Date.parse(changes.dataTime ?? dataTime),
    sourceRegion,
    region,
    cutStart,
    cutEnd,
    dataTime,
    state: 'proven',
    committedAt: '2026-11-21T08:01:00.000Z',
    manifest: {
      object: `shop/points/${manifest.id}.json`,
      sha256: manifestSha256(encodeManifest(manifest)),
    },
    members: manifest.copies.map(provenMember),
    formats: formatsOf(manifest.copies),
    resources: manifest.copies.length,
    objects: 3,
    bytes: 11,
    checked: {
      serial: 0,
      at: '2026-11-21T08:01:00.000Z',
      depth: 'content',
      damaged: 0,
      findings: [],
    },
    ...changes,
  };
}
