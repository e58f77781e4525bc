/** `separate`: a Keystone and a Swift per region. `stretched`: both shared over the regions. */
export const topologies = ['separate', 'stretched'] as const;
export type Topology = (typeof topologies)[number];

/** What serves Swift's API in a region: Swift itself, or Ceph's RGW beneath `/swift`. */
export type ObjectStoreKind = 'swift' | 'rgw';

export const regionNames = ['east', 'west'] as const;
export type RegionName = (typeof regionNames)[number];

/** Where controllers run: in the regions, and where there is nothing of OpenStack. */
export const siteNames = [...regionNames, 'witness'] as const;
export type SiteName = (typeof siteNames)[number];

/** Another name lets a second lab live beside the first. */
export const defaultLabName = process.env['FARSHORE_LAB'] ?? 'farshore-lab';

/**
 * Tests have labs of their own, one for each of these, since they leave none as it was. `FARSHORE_LAB`
 * begins the names, so that two runs on one machine do not meet.
 */
export function testLabName(use: Topology | 'sites' | 'rgw'): string {
  return `${process.env['FARSHORE_LAB'] ?? 'farshore-test'}-${use}`;
}

export function isTopology(text: string): text is Topology {
  return topologies.some((topology) => topology === text);
}

export function isRegionName(text: string): text is RegionName {
  return regionNames.some((region) => region === text);
}

/** A site's address never changes: rings and catalogues name it. */
export function addressOf(site: SiteName, subnetPrefix: string): string {
  return `${subnetPrefix}.${{ east: 11, west: 12, witness: 13 }[site]}`;
}

export const servicePorts = { keystone: 5000, swift: 8080, glance: 9292, cinder: 8776 } as const;
export type ServiceName = keyof typeof servicePorts;

export const labels = {
  lab: 'farshore.lab',
  region: 'farshore.lab.region',
  topology: 'farshore.lab.topology',
  objectStore: 'farshore.lab.object-store',
  address: 'farshore.lab.address',
} as const;
