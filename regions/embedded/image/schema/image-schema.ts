import { badRequest } from '../replies/image-refusal.ts';
import type { JsonSchema } from './json-schema.ts';
import { misfit } from './validate.ts';

export const uuidPattern =
  '^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$';

const readOnly = { readOnly: true };
const additional = { is_base: false };
const text: JsonSchema = { type: 'string' };
const integer: JsonSchema = { type: 'integer' };
const flag: JsonSchema = { type: 'boolean' };
const optionalInteger: JsonSchema = { type: ['null', 'integer'] };

function optionalText(maxLength: number): JsonSchema {
  return { type: ['null', 'string'], maxLength };
}

function optionalChoice(...choices: readonly string[]): JsonSchema {
  return { type: ['null', 'string'], enum: [null, ...choices] };
}

const location: JsonSchema = {
  type: 'object',
  properties: {
    url: { type: 'string', maxLength: 255 },
    metadata: { type: 'object' },
    validation_data: {
      type: 'object',
      writeOnly: true,
      additionalProperties: false,
      properties: {
        checksum: { type: 'string', minLength: 32, maxLength: 32 },
        os_hash_algo: { type: 'string', maxLength: 64 },
        os_hash_value: { type: 'string', maxLength: 128 },
      },
      required: ['os_hash_algo', 'os_hash_value'],
    },
  },
  required: ['url', 'metadata'],
};

const statuses = [
  'queued',
  'saving',
  'active',
  'killed',
  'deleted',
  'uploading',
  'importing',
  'pending_delete',
  'deactivated',
];

/** Fields that Glance gives a meaning to. */
const fields: Readonly<Record<string, JsonSchema>> = {
  id: { ...text, pattern: uuidPattern, description: 'Id of the image' },
  name: { ...optionalText(255), description: 'Name of the image' },
  status: { ...text, ...readOnly, enum: statuses, description: 'Where its data is' },
  visibility: {
    ...text,
    enum: ['community', 'public', 'private', 'shared'],
    description: 'Who sees it',
  },
  protected: { ...flag, description: 'Refuse to delete it' },
  os_hidden: { ...flag, description: 'Leave it out of lists that do not ask for it' },
  checksum: { ...optionalText(32), ...readOnly, description: 'MD5 of the data' },
  os_hash_algo: { ...optionalText(64), ...readOnly, description: 'How os_hash_value is made' },
  os_hash_value: { ...optionalText(128), ...readOnly, description: 'Digest of the data' },
  owner: { ...optionalText(255), description: 'Project that it belongs to' },
  size: { ...optionalInteger, ...readOnly, description: 'Bytes of the data' },
  virtual_size: { ...optionalInteger, ...readOnly, description: 'Bytes of the disk in it' },
  container_format: {
    ...optionalChoice('ami', 'ari', 'aki', 'bare', 'ovf', 'ova', 'docker', 'compressed'),
    description: 'What the disk is wrapped in',
  },
  disk_format: {
    ...optionalChoice(
      ...['ami', 'ari', 'aki', 'vhd', 'vhdx', 'vmdk', 'raw', 'qcow2', 'vdi', 'iso', 'ploop'],
    ),
    description: 'Form of the disk',
  },
  created_at: { ...text, ...readOnly, description: 'When it was made' },
  updated_at: { ...text, ...readOnly, description: 'When it last changed' },
  tags: { type: 'array', items: { ...text, maxLength: 255 }, description: 'Words about it' },
  direct_url: { ...text, ...readOnly, description: 'Where the store keeps it' },
  min_ram: { ...integer, description: 'MiB of memory that it needs' },
  min_disk: { ...integer, description: 'GiB of disk that it needs' },
  self: { ...text, ...readOnly, description: 'Path of the image' },
  file: { ...text, ...readOnly, description: 'Path of its data' },
  stores: { ...text, ...readOnly, description: 'Stores that have it' },
  schema: { ...text, ...readOnly, description: 'Path of this schema' },
  locations: { type: 'array', items: location, description: 'Where stores keep it' },
};

/** Properties that an installation of Glance comes with. */
const suggested: Readonly<Record<string, JsonSchema>> = {
  kernel_id: { type: ['null', 'string'], pattern: uuidPattern, ...additional },
  ramdisk_id: { type: ['null', 'string'], pattern: uuidPattern, ...additional },
  instance_uuid: { ...text, ...additional },
  architecture: { ...text, ...additional },
  os_distro: { ...text, ...additional },
  os_version: { ...text, ...additional },
  description: { ...text, ...additional },
  cinder_encryption_key_id: { ...text, ...additional },
  cinder_encryption_key_deletion_policy: {
    ...text,
    enum: ['on_image_deletion', 'do_not_delete'],
    ...additional,
  },
};

/** Served as it is, and what images are checked against. */
export const imageSchema: JsonSchema = {
  name: 'image',
  properties: { ...fields, ...suggested },
  additionalProperties: text,
  links: [
    { rel: 'self', href: '{self}' },
    { rel: 'enclosure', href: '{file}' },
    { rel: 'describedby', href: '{schema}' },
  ],
};

/** Throws a refusal of 400 unless this is an image, or some fields of one. */
export function requireImageShape(value: unknown): asserts value is Record<string, unknown> {
  const reason = misfit(value, { type: 'object', ...imageSchema });
  if (reason === undefined) return;
  throw badRequest(`Provided object does not match schema 'image': ${reason}`);
}
