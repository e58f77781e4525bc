import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { silentLog } from '../../kernel/log.ts';
import { systemClock } from '../../kernel/clock.ts';
import { systemRandom } from '../../kernel/random.ts';
import { EmbeddedRegion } from '../../regions/embedded/region.ts';

const run = promisify(execFile);
const mib = 1024 ** 2;

function isInstalled(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export type Client = 'openstack' | 'swift' | 'glance' | 'cinder' | 'rclone';

/** Declares the tests of these clients, as Debian ships them; each part is skipped where its client is not installed. */
export function takesClients(...clients: readonly Client[]): void {
  describe('an embedded region with other people’s clients', () => {
    let folder: string;
    let region: EmbeddedRegion;
    let env: NodeJS.ProcessEnv;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'farshore-clients-'));
      region = await EmbeddedRegion.open({
        name: 'east',
        directory: join(folder, 'east'),
        ambient: { clock: systemClock, random: systemRandom, log: silentLog },
      });
      env = {
        PATH: process.env['PATH'],
        HOME: folder,
        OS_AUTH_URL: `${region.url}/v3`,
        OS_USERNAME: 'admin',
        OS_PASSWORD: 'secret',
        OS_PROJECT_NAME: 'demo',
        OS_USER_DOMAIN_ID: 'default',
        OS_PROJECT_DOMAIN_ID: 'default',
        OS_REGION_NAME: 'east',
        OS_IDENTITY_API_VERSION: '3',
        OS_VOLUME_API_VERSION: '3.60',
      };
    });

    after(async () => {
      await region.close();
      await rm(folder, { recursive: true });
    });

    async function call(program: string, ...args: readonly string[]): Promise<string> {
      return (await run(program, args, { env, cwd: folder, maxBuffer: 64 * mib })).stdout;
    }

    async function openstack<T>(...args: readonly string[]): Promise<T> {
      return JSON.parse(await call('openstack', ...args, '-f', 'json')) as T;
    }

    function suite(program: Client, tests: () => void): void {
      if (clients.includes(program))
        (isInstalled(program) ? describe : describe.skip)(program, tests);
    }

    async function until(isSo: () => Promise<boolean>): Promise<void> {
      while (!(await isSo())) await systemClock.sleep(300);
    }

    /** Of the thing that a client's table describes. */
    function idIn(table: string): string {
      return /\| id +\| ([0-9a-f-]{36})/.exec(table)?.[1] ?? '';
    }

    suite('openstack', () => {
      it('identity: tokens, catalogue, projects, users, roles, application credentials', async () => {
        const [token, catalogue, made] = await Promise.all([
          openstack<{ project_id: string }>('token', 'issue'),
          openstack<{ Type: string }[]>('catalog', 'list'),
          openstack<{ secret: string }>('application', 'credential', 'create', 'robot'),
          openstack('project', 'create', 'shop', '--description', 'of the test'),
        ]);
        expect(token.project_id).to.match(/^[0-9a-f]{32}$/);
        const types = catalogue.map(({ Type }) => Type);
        expect(types).to.include.members(['identity', 'object-store', 'image', 'volumev3']);
        expect(made.secret).to.be.a('string');
        await openstack('user', 'create', 'clerk', '--password', 'x', '--project', 'shop');
        await call('openstack', 'role', 'add', '--user', 'clerk', '--project', 'shop', 'member');
        const given = await openstack<object[]>('role', 'assignment', 'list', '--user', 'clerk');
        expect(given).to.have.length(1);
        await call('openstack', 'project', 'delete', 'shop');
        const projects = await openstack<{ Name: string }[]>('project', 'list');
        expect(projects.map(({ Name }) => Name))
          .to.include('demo')
          .and.not.to.include('shop');
      });

      it('containers and objects', async () => {
        await writeFile(join(folder, 'note.txt'), 'a note');
        await openstack('container', 'create', 'notes');
        await openstack('object', 'create', 'notes', 'note.txt');
        const [listed] = await Promise.all([
          openstack<{ Name: string }[]>('object', 'list', 'notes'),
          call('openstack', 'object', 'save', 'notes', 'note.txt', '--file', 'saved.txt'),
        ]);
        expect(listed).to.deep.equal([{ Name: 'note.txt' }]);
        expect(await readFile(join(folder, 'saved.txt'), 'utf8')).to.equal('a note');
        await call('openstack', 'container', 'delete', '--recursive', 'notes');
      });

      it('images', async () => {
        const data = randomBytes(mib);
        await writeFile(join(folder, 'image.raw'), data);
        const image = await openstack<{ id: string }>(
          ...['image', 'create', 'base', '--file', 'image.raw', '--property', 'os_distro=debian'],
        );
        const [shown] = await Promise.all([
          openstack<{ status: string; size: number }>('image', 'show', 'base'),
          call('openstack', 'image', 'save', '--file', 'image.back', image.id),
        ]);
        expect(shown).to.include({ status: 'active', size: mib });
        expect(data.equals(await readFile(join(folder, 'image.back')))).to.equal(true);
        await call('openstack', 'image', 'set', '--name', 'renamed', '--tag', 'blessed', image.id);
        await call('openstack', 'image', 'delete', 'renamed');
      });

      it('volumes, snapshots, backups', async () => {
        const is = (kind: readonly string[], name: string, status: string) => async () =>
          (await openstack<{ status: string }>(...kind, 'show', name)).status === status;
        await openstack('volume', 'create', '--size', '1', 'disk');
        await until(is(['volume'], 'disk', 'available'));
        await openstack('volume', 'snapshot', 'create', '--volume', 'disk', 'cut');
        await until(is(['volume', 'snapshot'], 'cut', 'available'));
        await openstack(
          'volume',
          'backup',
          'create',
          '--name',
          'copy',
          'disk',
          '--snapshot',
          'cut',
        );
        await until(is(['volume', 'backup'], 'copy', 'available'));
        await Promise.all([
          call('openstack', 'volume', 'backup', 'delete', 'copy'),
          call('openstack', 'volume', 'snapshot', 'delete', 'cut'),
        ]);
        await until(async () => {
          return (await openstack<object[]>('volume', 'snapshot', 'list')).length === 0;
        });
        await call('openstack', 'volume', 'delete', 'disk');
        await until(async () => {
          return (await openstack<object[]>('volume', 'list')).length === 0;
        });
      });
    });

    suite('swift', () => {
      it('uploads in segments, lists, describes, downloads, deletes', async () => {
        const data = randomBytes(3 * mib + 17);
        await mkdir(join(folder, 'tree'), { recursive: true });
        await writeFile(join(folder, 'tree', 'film.bin'), data);
        await writeFile(join(folder, 'tree', 'line — ünicode.txt'), 'x');
        const segments = [
          '--segment-size',
          String(mib),
          '--use-slo',
          '--header',
          'X-Object-Meta-A: b',
        ];
        await call('swift', 'upload', 'films', 'tree', ...segments);
        expect((await call('swift', 'list', 'films')).trim().split('\n')).to.have.length(2);
        expect(await call('swift', 'stat', 'films', 'tree/film.bin')).to.include('Meta A: b');
        expect(await call('swift', 'stat')).to.include('Account: AUTH_');
        await call('swift', 'download', 'films', 'tree/film.bin', '-o', 'film.back');
        expect(data.equals(await readFile(join(folder, 'film.back')))).to.equal(true);
        await call('swift', 'post', 'films', '-m', 'Team:shop', '-r', '.r:*');
        expect(await call('swift', 'stat', 'films')).to.include('Read ACL: .r:*');
        await call('swift', 'delete', 'films');
        expect(await call('swift', 'list', '--prefix', 'films')).to.equal('films_segments\n');
        await call('swift', 'delete', 'films_segments');
        expect(await call('swift', 'capabilities')).to.include('slo');
      });
    });

    suite('glance', () => {
      it('creates, downloads, tags, shares', async () => {
        await writeFile(join(folder, 'small.raw'), 'an image');
        const formats = ['--disk-format', 'raw', '--container-format', 'bare'];
        const id = idIn(
          await call(
            'glance',
            'image-create',
            '--name',
            'small',
            '--file',
            'small.raw',
            ...formats,
          ),
        );
        expect(await call('glance', 'image-list')).to.include(id);
        await call('glance', 'image-download', id, '--file', 'small.back');
        expect(await readFile(join(folder, 'small.back'), 'utf8')).to.equal('an image');
        await call('glance', 'image-tag-update', id, 'blessed');
        await call('glance', 'member-create', id, 'f'.repeat(32));
        expect(await call('glance', 'member-list', '--image-id', id)).to.include('pending');
        await call('glance', 'image-update', id, '--property', 'hw_disk_bus=virtio');
        expect(await call('glance', 'image-show', id)).to.include('virtio');
        await call('glance', 'image-delete', id);
      });
    });

    suite('cinder', () => {
      it('creates, backs up, exports the record, restores', async () => {
        await call('cinder', 'create', '1', '--name', 'ledger', '--metadata', 'a=b');
        const shows = (command: string, name: string, text: string) => async () =>
          (await call('cinder', command, name)).includes(text);
        await until(shows('show', 'ledger', '| available'));
        await call('cinder', 'backup-create', 'ledger', '--name', 'nightly');
        await until(shows('backup-show', 'nightly', '| available'));
        const id = idIn(await call('cinder', 'backup-show', 'nightly'));
        // One after the other: while it is restored, a backup is not exported.
        const exported = await call('cinder', 'backup-export', id);
        await call('cinder', 'backup-restore', id, '--volume', 'ledger');
        expect(exported).to.include('cinder.backup.drivers.swift.SwiftBackupDriver');
        await until(shows('show', 'ledger', '| available'));
        await call('cinder', 'extend', 'ledger', '2');
        await until(shows('show', 'ledger', '| available'));
        const [types, limits, quota] = await Promise.all([
          call('cinder', 'type-list'),
          call('cinder', 'absolute-limits'),
          call('cinder', 'quota-show', 'demo'),
          call('cinder', 'backup-delete', id),
          call('cinder', 'delete', 'ledger'),
        ]);
        expect(types).to.match(/[0-9a-f-]{36}/);
        expect(limits).to.include('maxTotalVolumes');
        expect(quota).to.include('backup_gigabytes');
      });
    });

    suite('rclone', () => {
      it('copies a tree there and back, checks it, and finds nothing more to do', async () => {
        const remote = { RCLONE_CONFIG_EAST_TYPE: 'swift', RCLONE_CONFIG_EAST_ENV_AUTH: 'true' };
        env = {
          ...env,
          ...remote,
          OS_USER_DOMAIN_NAME: 'Default',
          OS_PROJECT_DOMAIN_NAME: 'Default',
        };
        for (let index = 0; index < 100; index += 1) {
          await mkdir(join(folder, 'many', String(index % 7)), { recursive: true });
          await writeFile(
            join(folder, 'many', String(index % 7), `${index}.bin`),
            randomBytes(index * 11),
          );
        }
        await writeFile(join(folder, 'many', 'large.bin'), randomBytes(5 * mib));
        await call('rclone', 'copy', 'many', 'east:mirror', '--swift-chunk-size', '2Mi');
        await call('rclone', 'check', 'many', 'east:mirror', '--download');
        expect(
          (await call('rclone', 'lsf', '-R', '--files-only', 'east:mirror')).trim().split('\n'),
        ).to.have.length(101);
        await call('rclone', 'copy', 'east:mirror', 'back');
        await call('rclone', 'check', 'many', 'back');
        await call(
          'rclone',
          'sync',
          'many',
          'east:mirror',
          '--immutable',
          '--swift-chunk-size',
          '2Mi',
        );
        await call('rclone', 'purge', 'east:mirror');
      });
    });
  });
}
