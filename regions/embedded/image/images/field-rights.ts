/** Computed from where an image is: never part of one. */
export const linkFields: ReadonlySet<string> = new Set([
  'direct_url',
  'self',
  'file',
  'schema',
  'stores',
]);

/** Set by Glance as an image lives. */
export const computedFields: ReadonlySet<string> = new Set([
  'created_at',
  'updated_at',
  'status',
  'checksum',
  'size',
  'virtual_size',
  'os_hash_algo',
  'os_hash_value',
]);

const reservedNames: ReadonlySet<string> = new Set(['location', 'deleted', 'deleted_at']);
const reservedPrefix = 'os_glance';

/** Names that Glance keeps for itself. */
export function isReserved(name: string): boolean {
  return reservedNames.has(name) || name.startsWith(reservedPrefix);
}

/** A patch refuses these; of the links it lets `stores` pass. */
export function isReadOnly(name: string): boolean {
  return name === 'id' || computedFields.has(name) || (linkFields.has(name) && name !== 'stores');
}
