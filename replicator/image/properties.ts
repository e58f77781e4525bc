/**
 * Which of an image's properties may not simply be written onto another image: those that act when it
 * is deleted or uploaded, and those that name things which live in the source region only. Everything
 * else is the user's and carried as it is.
 */
import type { Image } from '../../regions/image/types.ts';

/**
 * `secret`: the data is of no use without a key that the secondary's key manager has not. `left-out`: not
 * carried, and said. `names`: carried, and said, since it names something by an id or name that may well
 * be the same in the secondary. Marks of Farshore's own do not travel either.
 */
interface Rule {
  readonly treatment: 'secret' | 'left-out' | 'names';
  readonly reason: string;
}

const key =
  'its data is encrypted with a key of the source’s key manager, which Farshore does not bring along';
const policy = 'deleting an image that bears it deletes a key of the source';
const signature =
  'Glance checks it at the upload against a certificate of the source’s key manager, and Nova may refuse an image without it';
const devices = 'it names snapshots or volumes of the source region';

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  // Cinder sets both when it uploads an encrypted volume (cinder/volume/manager.py, copy_volume_to_image);
  // Glance deletes the key with the image (glance/api/v2/images.py, _delete_encryption_key).
  ['cinder_encryption_key_id', { treatment: 'secret', reason: key }],
  ['cinder_encryption_key_deletion_policy', { treatment: 'left-out', reason: policy }],
  // The same for images encrypted by their users (Glance’s spec “image encryption”).
  ['os_encrypt_key_id', { treatment: 'secret', reason: key }],
  ['os_encrypt_key_deletion_policy', { treatment: 'left-out', reason: policy }],
  // cursive/signature_utils.py; glance/api/v2/image_data.py verifies when all four are there.
  ['img_signature', { treatment: 'left-out', reason: signature }],
  ['img_signature_hash_method', { treatment: 'left-out', reason: signature }],
  ['img_signature_key_type', { treatment: 'left-out', reason: signature }],
  ['img_signature_certificate_uuid', { treatment: 'left-out', reason: signature }],
  // nova/compute/api.py, snapshot_volume_backed: the server’s disks are snapshots, the image has no data.
  ['block_device_mapping', { treatment: 'left-out', reason: devices }],
  // nova/virt/images: booted together with the image.
  ['kernel_id', { treatment: 'names', reason: 'it names an image: protect that one too' }],
  ['ramdisk_id', { treatment: 'names', reason: 'it names an image: protect that one too' }],
  // cinder/volume/flows/api/create_volume.py, _get_volume_type.
  [
    'cinder_img_volume_type',
    { treatment: 'names', reason: 'it names a volume type, which must exist in the secondary' },
  ],
]);

const ownPrefix = 'farshore_';

/** Why an image cannot be protected at all; null when it can. */
export function secretOf(properties: Image['properties']): string | null {
  for (const name of Object.keys(properties)) {
    const rule = rules.get(name);
    if (rule?.treatment === 'secret') return `${rule.reason} (property ${name})`;
  }
  return null;
}

export interface CarriedProperties {
  readonly properties: Image['properties'];
  /** For the operator, one for each property that is not carried or names something. */
  readonly notes: readonly string[];
}

/** What goes along onto a copy, by whatever name that is restored. */
export function carriedProperties(properties: Image['properties']): CarriedProperties {
  const carried: [string, string][] = [];
  const notes: string[] = [];
  for (const [name, value] of Object.entries(properties)) {
    const rule = rules.get(name);
    if (name.startsWith(ownPrefix))
      notes.push(`its property ${name} is a mark of Farshore and not carried`);
    else if (rule === undefined) carried.push([name, value]);
    else if (rule.treatment === 'names') {
      carried.push([name, value]);
      notes.push(`its property ${name} is ${value}: ${rule.reason}`);
    } else notes.push(`its property ${name} is not carried: ${rule.reason}`);
  }
  return { properties: Object.fromEntries(carried), notes };
}
