import type { Vocabulary } from './requests.ts';

/** Ids and names of what a region under test holds, for requests that come close to sense. */
export interface Known {
  readonly project: string;
  readonly user: string;
  readonly role: string;
  readonly container: string;
  readonly object: string;
  readonly image: string;
  readonly volume: string;
  readonly snapshot: string;
  readonly backup: string;
}

const json = ['application/json', 'application/json', 'text/plain', ''];

export function identity({ project, user, role }: Known): Vocabulary {
  return {
    paths: [
      '/',
      '/v3',
      '/v3/auth/tokens',
      '/v3/auth/{what}',
      '/v3/projects',
      '/v3/projects/{id}',
      '/v3/projects/{id}/users/{id}/roles/{id}',
      '/v3/users',
      '/v3/users/{id}',
      '/v3/users/{id}/projects',
      '/v3/users/{id}/application_credentials/{id}',
      '/v3/users/{id}/application_credentials',
      '/v3/roles/{id}',
      '/v3/role_assignments',
      '/v3/{what}',
    ],
    known: [project, user, role, 'admin', 'demo', 'default', 'projects', 'catalog'],
    methods: ['GET', 'POST', 'PATCH', 'DELETE', 'HEAD', 'PUT'],
    queries: [
      'name',
      'domain_id',
      'limit',
      'marker',
      'enabled',
      'user.id',
      'sort_key',
      'nocatalog',
    ],
    headers: ['X-Subject-Token', 'Accept', 'X-Auth-Token', 'Expect'],
    contentTypes: json,
    documents: [
      {
        auth: {
          identity: {
            methods: ['password'],
            password: { user: { name: 'demo', domain: { id: 'default' }, password: 'secret' } },
          },
          scope: { project: { name: 'demo', domain: { id: 'default' } } },
        },
      },
      { auth: { identity: { methods: ['token'], token: { id: 'gAAAAAnone' } }, scope: {} } },
      {
        auth: {
          identity: {
            methods: ['application_credential'],
            application_credential: { id: user, secret: 'x' },
          },
        },
      },
      { project: { name: 'fuzzed', domain_id: 'default', enabled: true, description: 'x' } },
      { user: { name: 'fuzzed', password: 'x', default_project_id: project, enabled: true } },
      { role: { name: 'fuzzed' } },
      {
        application_credential: {
          name: 'fuzzed',
          roles: [{ name: 'member' }],
          expires_at: '2030-01-01T00:00:00Z',
          unrestricted: false,
        },
      },
    ],
  };
}

export function objectStore({ project, container, object }: Known): Vocabulary {
  return {
    paths: [
      `/v1/AUTH_${project}`,
      `/v1/AUTH_${project}/{container}`,
      `/v1/AUTH_${project}/{container}/{object}`,
      `/v1/AUTH_${project}/{container}/{object}`,
      `/v1/AUTH_${project}/{container}/{a}/{b}`,
      '/v1/{account}/{container}/{object}',
      '/v1/{account}',
      '/info',
      '/healthcheck',
      '/v1',
    ],
    known: [container, container, object, object, `${container}/${object}`, '1'],
    methods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'COPY', 'OPTIONS'],
    queries: [
      'format',
      'limit',
      'marker',
      'end_marker',
      'prefix',
      'delimiter',
      'reverse',
      'path',
      'multipart-manifest',
      'versions',
      'version-id',
      'symlink',
      'bulk-delete',
      'extract-archive',
      'temp_url_sig',
      'temp_url_expires',
    ],
    headers: [
      'Range',
      'If-Match',
      'If-None-Match',
      'If-Modified-Since',
      'ETag',
      'X-Copy-From',
      'Destination',
      'X-Object-Manifest',
      'X-Symlink-Target',
      'X-Symlink-Target-Etag',
      'X-Delete-At',
      'X-Delete-After',
      'X-Object-Meta-Odd',
      'X-Container-Meta-Quota-Bytes',
      'X-Container-Read',
      'X-Versions-Enabled',
      'X-Account-Meta-Odd',
      'X-Container-Meta-Quota-Count',
      'X-Newest',
      'Accept',
    ],
    contentTypes: ['text/plain', 'application/json', 'image/png;charset=x', ''],
    documents: [
      [
        {
          path: `/${container}/${object}`,
          etag: 'd41d8cd98f00b204e9800998ecf8427e',
          size_bytes: 6,
        },
      ],
      [{ data: 'Zm9v' }, { path: `${container}/${object}`, range: '0-2' }],
      { text: 'a document' },
    ],
  };
}

export function image({ image, project }: Known): Vocabulary {
  return {
    paths: [
      '/image',
      '/image/v2/images',
      '/image/v2/images/{id}',
      '/image/v2/images/{id}/file',
      '/image/v2/images/{id}/tags/{tag}',
      '/image/v2/images/{id}/members',
      '/image/v2/images/{id}/members/{id}',
      '/image/v2/images/{id}/actions/{action}',
      '/image/v2/schemas/{what}',
      '/image/v2/{what}',
    ],
    known: [image, image, image, project, 'images', 'deactivate', 'reactivate', 'members'],
    methods: ['GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'HEAD'],
    queries: [
      'limit',
      'marker',
      'sort',
      'sort_key',
      'sort_dir',
      'name',
      'status',
      'visibility',
      'size_min',
      'created_at',
      'tag',
      'member_status',
      'os_hidden',
      'protected',
      'id',
    ],
    headers: ['Range', 'Content-Range', 'Accept', 'X-Image-Meta-Store', 'If-Match'],
    contentTypes: [
      'application/json',
      'application/octet-stream',
      'application/openstack-images-v2.1-json-patch',
      'application/openstack-images-v2.1-json-patch',
      '',
    ],
    documents: [
      { name: 'fuzzed', disk_format: 'raw', container_format: 'bare', visibility: 'private' },
      { id: image, name: 'fuzzed', tags: ['a'], min_disk: 1, protected: false, odd: 'x' },
      [{ op: 'replace', path: '/name', value: 'x' }],
      [
        { op: 'add', path: '/odd', value: 'x' },
        { op: 'remove', path: '/odd' },
      ],
      [{ op: 'replace', path: '/tags', value: ['x'] }],
      { member: project },
      { status: 'accepted' },
    ],
  };
}

export function blockStorage({ project, volume, snapshot, backup, image }: Known): Vocabulary {
  const at = `/volume/v3/${project}`;
  return {
    paths: [
      '/volume',
      '/volume/v3',
      `${at}/volumes`,
      `${at}/volumes/detail`,
      `${at}/volumes/{id}`,
      `${at}/volumes/{id}/action`,
      `${at}/volumes/{id}/metadata`,
      `${at}/volumes/{id}/metadata/{key}`,
      `${at}/snapshots`,
      `${at}/snapshots/{id}`,
      `${at}/snapshots/{id}/action`,
      `${at}/backups`,
      `${at}/backups/detail`,
      `${at}/backups/{id}`,
      `${at}/backups/{id}/restore`,
      `${at}/backups/{id}/export_record`,
      `${at}/backups/import_record`,
      `${at}/types/{id}`,
      `${at}/types`,
      `${at}/os-quota-sets/{id}`,
      `${at}/attachments`,
      `${at}/attachments/{id}`,
      `${at}/{what}`,
      '/volume/v3/{project}/volumes',
    ],
    known: [volume, volume, snapshot, backup, backup, project, 'detail', 'summary'],
    methods: ['GET', 'POST', 'PUT', 'DELETE', 'HEAD'],
    queries: [
      'limit',
      'marker',
      'sort',
      'sort_key',
      'name',
      'status',
      'all_tenants',
      'offset',
      'usage',
      'cascade',
      'with_count',
      'metadata',
    ],
    headers: ['OpenStack-API-Version', 'Accept', 'X-Forwarded-For'],
    contentTypes: json,
    documents: [
      { volume: { size: 1, name: 'fuzzed', metadata: { a: 'b' }, volume_type: null } },
      { volume: { size: 1, snapshot_id: snapshot } },
      { volume: { size: 1, source_volid: volume } },
      { volume: { size: 1, imageRef: image } },
      { snapshot: { volume_id: volume, name: 'fuzzed', force: true, metadata: {} } },
      { backup: { volume_id: volume, name: 'fuzzed', incremental: true, force: true } },
      { backup: { volume_id: volume, snapshot_id: snapshot, container: 'fuzzed' } },
      { restore: { volume_id: volume } },
      {
        'backup-record': {
          backup_service: 'cinder.backup.drivers.swift.SwiftBackupDriver',
          backup_url: Buffer.from(JSON.stringify({ id: backup, size: 1 })).toString('base64'),
        },
      },
      { 'os-extend': { new_size: 2 } },
      { 'os-reset_status': { status: 'available' } },
      { 'os-set_bootable': { bootable: true } },
      { 'os-volume_upload_image': { image_name: 'fuzzed', disk_format: 'raw' } },
      { 'os-set_image_metadata': { metadata: { a: 'b' } } },
      { metadata: { a: 'b' } },
      { meta: { a: 'b' } },
      { quota_set: { volumes: 10, gigabytes: 100 } },
      { attachment: { volume_uuid: volume, instance_uuid: project } },
    ],
  };
}
