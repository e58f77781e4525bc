import type { Answer } from '../answer.ts';
import type { Image, ImageMember, ImageVisibility } from './types.ts';

/** Fields with a meaning of their own in glance/api/v2/images.py, under any release's name of them. */
const ownFields: ReadonlySet<string> = new Set([
  'id',
  'name',
  'status',
  'visibility',
  'protected',
  'os_hidden',
  'owner',
  'disk_format',
  'container_format',
  'min_disk',
  'min_ram',
  'tags',
  'size',
  'virtual_size',
  'checksum',
  'os_hash_algo',
  'os_hash_value',
  'created_at',
  'updated_at',
  'self',
  'file',
  'schema',
  'stores',
  'locations',
  'direct_url',
]);

/** Glance's own namespace: it refuses these from anyone else. */
const reservedPrefix = 'os_glance_';

export function parseImage(answer: Answer): Image {
  return {
    id: answer.string('id'),
    name: answer.stringOr('name', ''),
    status: answer.string('status'),
    // Its values are Glance's; one that is not known here would come back in an update unchanged.
    visibility: answer.string('visibility') as ImageVisibility,
    protected: answer.boolean('protected'),
    // Absent before Rocky.
    hidden: answer.booleanOr('os_hidden', false),
    owner: answer.stringOr('owner', null),
    diskFormat: answer.stringOr('disk_format', null),
    containerFormat: answer.stringOr('container_format', null),
    minDiskGib: answer.integer('min_disk'),
    minRamMib: answer.integer('min_ram'),
    tags: [...answer.strings('tags')].sort(),
    sizeBytes: answer.integerOr('size', null),
    virtualSizeBytes: answer.integerOr('virtual_size', null),
    checksum: answer.stringOr('checksum', null),
    hashAlgo: answer.stringOr('os_hash_algo', null),
    hashValue: answer.stringOr('os_hash_value', null),
    createdAt: answer.time('created_at'),
    updatedAt: answer.time('updated_at'),
    properties: propertiesOf(answer),
  };
}

/** Values are strings; a few that the schema knows (`kernel_id`) are null when unset, which is the same as absent. */
function propertiesOf(answer: Answer): Readonly<Record<string, string>> {
  const names = answer
    .names()
    .filter((name) => !ownFields.has(name) && !name.startsWith(reservedPrefix))
    .filter((name) => answer.raw(name) !== null);
  return Object.fromEntries(names.map((name) => [name, answer.string(name)]));
}

export function parseMember(answer: Answer): ImageMember {
  return { memberId: answer.string('member_id'), status: answer.string('status') };
}
