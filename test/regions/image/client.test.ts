import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createImageService } from '../../../regions/image/client.ts';
import type { ImageService, ImageUpdate } from '../../../regions/image/types.ts';
import { collect, rejection } from '../../support/rejection.ts';
import { ScriptedService, type Exchange } from '../../support/scripted-service.ts';

/* An answer of a Glance of the Zed release. */
const imageJson = {
  os_distro: 'debian',
  'a/b~c': 'ü',
  kernel_id: null,
  os_glance_importing_to_stores: 'file',
  name: 'debian-12',
  disk_format: 'qcow2',
  container_format: 'bare',
  visibility: 'shared',
  size: 5,
  virtual_size: null,
  status: 'active',
  checksum: '5d41402abc4b2a76b9719d911017c592',
  protected: false,
  min_ram: 0,
  min_disk: 1,
  owner: 'p1',
  os_hidden: false,
  os_hash_algo: 'sha512',
  os_hash_value: '9b71d224',
  id: 'i1',
  created_at: '2026-11-21T09:12:18Z',
  updated_at: '2026-11-21T09:12:24Z',
  tags: ['b', 'a'],
  self: '/v2/images/i1',
  file: '/v2/images/i1/file',
  schema: '/v2/schemas/image',
  stores: 'file',
};

const unchanged: ImageUpdate = {
  name: 'debian-12',
  visibility: 'shared',
  protected: false,
  hidden: false,
  minDiskGib: 1,
  minRamMib: 0,
  tags: ['a', 'b'],
  properties: { os_distro: 'debian', 'a/b~c': 'ü' },
};

async function scripted<T>(
  script: readonly Exchange[],
  work: (glance: ImageService) => Promise<T>,
): Promise<T> {
  const fake = new ScriptedService('image', script);
  const result = await work(createImageService(fake));
  fake.done();
  return result;
}

const read = { call: 'GET /v2/images/i1', status: 200, body: imageJson };

describe('image service: reading', () => {
  it('reads an image; what is Glance’s own is no property', async () => {
    expect(await scripted([read], (glance) => glance.get('i1'))).to.deep.equal({
      id: 'i1',
      name: 'debian-12',
      status: 'active',
      visibility: 'shared',
      protected: false,
      hidden: false,
      owner: 'p1',
      diskFormat: 'qcow2',
      containerFormat: 'bare',
      minDiskGib: 1,
      minRamMib: 0,
      tags: ['a', 'b'],
      sizeBytes: 5,
      virtualSizeBytes: null,
      checksum: '5d41402abc4b2a76b9719d911017c592',
      hashAlgo: 'sha512',
      hashValue: '9b71d224',
      createdAt: '2026-11-21T09:12:18Z',
      updatedAt: '2026-11-21T09:12:24Z',
      properties: { os_distro: 'debian', 'a/b~c': 'ü' },
    });
  });

  it('gives null for none', async () => {
    const script = [{ call: 'GET /v2/images/none', status: 404 }];
    expect(await scripted(script, (glance) => glance.get('none'))).to.equal(null);
  });

  it('lists the project’s own images to the end, then its hidden ones', async () => {
    const url = 'GET /v2/images?owner=p1&os_hidden';
    const image = (id: string): unknown => ({ ...imageJson, id });
    const next = '/v2/images?limit=2&marker=i2&owner=p1';
    const first = { images: [image('i1'), image('i2')], next };
    const script = [
      { call: `${url}=false&limit=500&os_distro=debian`, status: 200, body: first },
      {
        call: `${url}=false&limit=500&os_distro=debian&marker=i2`,
        status: 200,
        body: { images: [{ ...imageJson, id: 'i3', os_distro: 'other' }] },
      },
      {
        call: `${url}=true&limit=500&os_distro=debian`,
        status: 200,
        body: { images: [image('i4')] },
      },
    ];
    const found = await scripted(script, (glance) =>
      collect(glance.list({ property: ['os_distro', 'debian'] })),
    );
    expect(found.map(({ id }) => id)).to.deep.equal(['i1', 'i2', 'i4']);
  });

  it('downloads, and says so when there is no data', async () => {
    const call = 'GET /v2/images/i1/file';
    await scripted([{ call, status: 200, body: 'hello' }], async (glance) => {
      expect(await text(await glance.download('i1'))).to.equal('hello');
    });
    const error = await scripted([{ call, status: 204 }], (glance) =>
      rejection(glance.download('i1')),
    );
    expect(error.code).to.equal('image.no-data');
  });

  it('downloads from a byte on, or all of it where that is not to be had', async () => {
    const call = 'GET /v2/images/i1/file';
    const whole = { call, status: 200, body: 'hello' };
    const part = { call, status: 206, body: 'llo' };
    const contentRange = (value: string) => ({ answerHeaders: { 'content-range': value } });
    for (const [script, from] of [
      [[{ ...part, ...contentRange('bytes 2-4/5') }], 2],
      [[whole], 0],
      [[{ ...part, ...contentRange('bytes 1-3/5') }, whole], 0],
      [[part, whole], 0],
      [[{ call, status: 400, body: 'StoreRandomGetNotSupported' }, whole], 0],
      [[{ call, status: 416 }, whole], 0],
    ] as const) {
      const got = await scripted(script, (glance) => glance.downloadFrom('i1', 2));
      expect([got.from, await text(got.body)]).to.deep.equal([from, from === 2 ? 'llo' : 'hello']);
    }
    const none = await scripted([{ call, status: 204 }], (glance) =>
      rejection(glance.downloadFrom('i1', 2)),
    );
    expect(none.code).to.equal('image.no-data');
  });
});

describe('image service: making and changing', () => {
  const wish = { name: 'x', diskFormat: 'raw', containerFormat: 'bare', visibility: 'private' };

  it('creates with a chosen id and properties beside the fields', async () => {
    const script = [
      {
        call: 'POST /v2/images',
        json: {
          id: 'i1',
          name: 'x',
          disk_format: 'raw',
          container_format: 'bare',
          visibility: 'private',
          protected: true,
          farshore_group: 'shop',
        },
        status: 201,
        body: imageJson,
      },
    ];
    await scripted(script, (glance) =>
      glance.create({
        ...wish,
        visibility: 'private',
        id: 'i1',
        protected: true,
        properties: { farshore_group: 'shop' },
      }),
    );
  });

  it('tells a taken id and a missing right by their status', async () => {
    const codes = {
      409: 'image.id-taken',
      403: 'region.right-missing',
    };
    for (const [status, code] of Object.entries(codes)) {
      const script = [{ call: 'POST /v2/images', status: Number(status) }];
      const error = await scripted(script, (glance) =>
        rejection(glance.create({ ...wish, visibility: 'private', id: 'i1' })),
      );
      expect(error.code).to.equal(code);
    }
  });

  it('uploads the bytes as they come', async () => {
    const fake = new ScriptedService('image', [{ call: 'PUT /v2/images/i1/file', status: 204 }]);
    await createImageService(fake).upload('i1', Readable.from([Buffer.from('hel'), 'lo']), 5);
    expect(fake.uploads.map(String)).to.deep.equal(['hello']);
  });

  it('sends no patch when nothing changes', async () => {
    await scripted([read], (glance) => glance.update('i1', unchanged));
  });

  it('sends only what changes, as one patch, with odd names escaped', async () => {
    const change = {
      ...unchanged,
      name: 'other',
      protected: true,
      tags: ['a'],
      properties: { 'x~/y': '1', os_distro: 'debian' },
    };
    const script = [
      read,
      {
        call: 'PATCH /v2/images/i1',
        headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
        json: [
          { op: 'replace', path: '/name', value: 'other' },
          { op: 'replace', path: '/protected', value: true },
          { op: 'replace', path: '/tags', value: ['a'] },
          { op: 'add', path: '/x~0~1y', value: '1' },
          { op: 'remove', path: '/a~1b~0c' },
        ],
        status: 200,
        body: imageJson,
      },
    ];
    await scripted(script, (glance) => glance.update('i1', change));
  });

  it('takes the protection off before it deletes', async () => {
    const script = [
      { ...read, body: { ...imageJson, protected: true } },
      {
        call: 'PATCH /v2/images/i1',
        json: [{ op: 'replace', path: '/protected', value: false }],
        status: 200,
        body: imageJson,
      },
      { call: 'DELETE /v2/images/i1', status: 204 },
    ];
    expect(await scripted(script, (glance) => glance.delete('i1'))).to.equal(true);
    const gone = [{ call: 'GET /v2/images/i1', status: 404 }];
    expect(await scripted(gone, (glance) => glance.delete('i1'))).to.equal(false);
  });
});

describe('image service: members', () => {
  const path = '/v2/images/i1/members';
  const list = (members: Record<string, string>): Exchange => ({
    call: `GET ${path}`,
    status: 200,
    body: {
      members: Object.entries(members).map(([member_id, status]) => ({
        created_at: '2026-11-21T09:12:18Z',
        updated_at: '2026-11-21T09:12:18Z',
        image_id: 'i1',
        member_id,
        status,
        schema: '/v2/schemas/member',
      })),
      schema: '/v2/schemas/members',
    },
  });
  const wish = [
    { memberId: 'new', status: 'accepted' },
    { memberId: 'kept', status: 'pending' },
  ];

  it('adds, removes and accepts', async () => {
    const script = [
      list({ old: 'accepted', kept: 'pending' }),
      { call: `POST ${path}`, json: { member: 'new' }, status: 200 },
      { call: `DELETE ${path}/old`, status: 204 },
      { call: `PUT ${path}/new`, json: { status: 'accepted' }, status: 200 },
      list({ new: 'accepted', kept: 'pending' }),
    ];
    const members = await scripted(script, (glance) => glance.setMembers('i1', wish));
    expect(members).to.deep.equal(wish);
  });

  it('gives the status back as it stayed when only the member may set it', async () => {
    const script = [
      list({ kept: 'pending', new: 'pending' }),
      { call: `PUT ${path}/new`, status: 403 },
      list({ kept: 'pending', new: 'pending' }),
    ];
    const members = await scripted(script, (glance) => glance.setMembers('i1', wish));
    expect(members).to.deep.include({ memberId: 'new', status: 'pending' });
  });

  it('asks once and changes nothing when all is so', async () => {
    const script = [list({ new: 'accepted', kept: 'pending' })];
    await scripted(script, (glance) => glance.setMembers('i1', wish));
  });
});
