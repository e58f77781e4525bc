import type { Region } from '../region.ts';

export type Inventory = Readonly<Record<string, readonly string[]>>;

const script = `
c, g, s = cinder(), glance(), swift()
result({
  "volumes": sorted(f"{v.id} {v.name}" for v in c.volumes.list()),
  "snapshots": sorted(f"{v.id} {v.name}" for v in c.volume_snapshots.list()),
  "images": sorted(f"{i['id']} {i['name']}" for i in g.images.list()),
  "containers": sorted(row["name"] for row in s.get_account(full_listing=True)[1]),
})`;

/** Everything in the region's project demo that a drill could leave behind, as other clients see it. */
export async function inventory(region: Region): Promise<Inventory> {
  return (await region.python(script)) as Inventory;
}
