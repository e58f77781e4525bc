import { expect } from 'chai';
import { FarshoreError } from '../../../kernel/errors.ts';
import {
  decodeManifest,
  encodeManifest,
  isNotUnderstood,
} from '../../../replicator/point/manifest.ts';
import { newPointId } from '../../../replicator/point/point-id.ts';
import type { PointManifest } from '../../../replicator/point/types.ts';
import { container } from '../session/harness.ts';
import { copyOf } from '../../support/memory/copies.ts';
import { sampleManifest } from './sample.ts';

const manifest = sampleManifest();

function fault(changed: unknown): string {
  const body = Buffer.from(typeof changed === 'string' ? changed : JSON.stringify(changed));
  try {
    decodeManifest(body, manifest);
  } catch (error) {
    if (error instanceof FarshoreError && error.code === 'point.manifest-invalid')
      return error.message;
    throw error;
  }
  return expect.fail('it was taken');
}

describe('a manifest', () => {
  it('comes back as it was written, with the same bytes every time', () => {
    const body = encodeManifest(manifest);
    expect(decodeManifest(body, manifest)).to.deep.equal(manifest);
    const again = JSON.parse(JSON.stringify(manifest)) as PointManifest;
    expect(encodeManifest(again).equals(body)).to.equal(true);
  });

  it('is refused with the field that is wrong, missing or unknown', () => {
    expect(fault('{"version": 1')).to.include('no JSON');
    expect(fault({ ...manifest, generation: -1 })).to.include('generation');
    expect(fault({ ...manifest, previous: { id: 'x', sha256: 'zz', sequence: 1 } })).to.include(
      'sha256',
    );
    expect(fault({ ...manifest, copies: [] })).to.include('copies');
    const [volume] = manifest.copies;
    expect(fault({ ...manifest, copies: [{ ...volume, chain: [] }] })).to.include('chain');
    expect(fault({ ...manifest, copies: [{ ...volume, more: true }] })).to.include('more');
  });

  it('keeps what it does not know in the envelope', () => {
    const body = Buffer.from(JSON.stringify({ ...manifest, extra: { more: 1 } }));
    expect(decodeManifest(body, manifest)).to.deep.include({ extra: { more: 1 } });
  });

  it('is not understood, and not damaged, when another release wrote it', () => {
    const [volume, ...others] = manifest.copies;
    for (const [unknown, changed] of [
      ['manifest/3', { ...manifest, format: 3, copies: undefined }],
      ['volume/2', { ...manifest, copies: [{ ...volume, format: 2, more: true }, ...others] }],
      ['server/1', { ...manifest, copies: [{ ...volume, kind: 'server' }, ...others] }],
      ['manifest/1', { version: 1, id: manifest.id }],
    ] as const) {
      const body = Buffer.from(JSON.stringify(changed));
      try {
        decodeManifest(body, manifest);
        expect.fail('it was taken');
      } catch (error) {
        if (!isNotUnderstood(error)) throw error;
        expect(error.message).to.include(unknown);
        expect(error.hint).to.include('nothing is wrong with it');
      }
    }
  });

  it('is refused when it contradicts itself or is that of another point', () => {
    const other = { ...manifest, id: 'x', group: 'y', dataTime: manifest.cutEnd };
    expect(fault(other)).to.equal(
      'not a manifest of this point: it is that of point x; it is that of group y; its data time is not the oldest of its copies',
    );
    const twice = [...manifest.copies, copyOf(container, 'z', manifest.cutEnd)];
    expect(fault({ ...manifest, copies: twice })).to.include('container/photos is there twice');
  });

  it('is not even written when it could not be read back', () => {
    const unknown = { ...manifest.copies[1]!, resource: { ...container, id: '' } };
    expect(() => encodeManifest({ ...manifest, copies: [unknown] })).to.throw(FarshoreError);
  });
});

describe('the id of a point', () => {
  it('sorts by time', () => {
    const random = { next: () => 0, id: () => '1f0c000000000000' };
    expect(newPointId(Date.parse('2026-11-21T08:55:03.999Z'), random)).to.equal(
      '20261121T085503Z-1f0c',
    );
  });
});
