import { expect } from 'chai';
import { findEndpoint } from '../../../regions/identity/catalogue.ts';
import type { ServiceType } from '../../../regions/region.ts';

const find = (type: string, url: string, service: ServiceType) =>
  findEndpoint(
    [
      {
        type,
        endpoints: [
          { interface: 'internal', region_id: 'R', url: 'http://wrong.example' },
          { interface: 'public', region_id: 'Q', url: 'http://wrong.example' },
          { interface: 'public', region: 'R', url },
        ],
      },
    ],
    { region: 'east', regionName: 'R', service, endpointInterface: 'public', projectId: 'p1' },
  );

describe('findEndpoint', () => {
  const table: readonly [string, string, ServiceType, string][] = [
    ['object-store', 'http://h:8080/v1/AUTH_p1/', 'object-store', 'http://h:8080/v1/AUTH_p1'],
    ['volumev3', 'http://h:8776/v3/p1', 'block-storage', 'http://h:8776/v3/p1'],
    ['block-storage', 'http://h/volume/v3', 'block-storage', 'http://h/volume/v3/p1'],
    ['block-store', 'http://h/volume/', 'block-storage', 'http://h/volume/v3/p1'],
    ['image', 'http://h:9292', 'image', 'http://h:9292'],
    ['image', 'http://h/image/v2/', 'image', 'http://h/image'],
    ['identity', 'http://h:5000/v3', 'identity', 'http://h:5000/v3'],
  ];
  for (const [type, url, service, expected] of table)
    it(`makes ${expected} of ${type} at ${url}`, () =>
      expect(find(type, url, service)).to.equal(expected));

  it('does not take another type for it', () =>
    expect(() => find('volume', 'http://h/v1/p1', 'block-storage')).to.throw(
      /no public endpoint of type volumev3 or block-storage or block-store in region 'R'/,
    ));
});
