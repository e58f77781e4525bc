import { createHash } from 'node:crypto';
import type {
  Backup,
  BackupRecord,
  BlockStorage,
  NewBackup,
  NewVolume,
  Quotas,
  Snapshot,
  Volume,
  VolumeType,
} from '../../../regions/block-storage/types.ts';
import type { MemoryObjectStore } from './object-store.ts';
import { MemoryDisk, writeBackup, type StoredBackup } from './cinder-backup.ts';
import { refusal } from './refusal.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

interface StoredVolume extends Writable<Volume> {
  disk: MemoryDisk;
}

interface StoredSnapshot extends Writable<Snapshot> {
  disk: MemoryDisk;
}

/**
 * One project's Cinder in memory, with cinder-backup's own layout of objects in a memory Swift. What
 * Cinder does step by step is done at the next look (`get…`), so that every wait sees `creating`
 * first. As the real one was seen to do: a restore overwrites the volume's metadata; an import checks
 * no object; a deletion takes every object under the prefix; an incremental's parent is the newest.
 * `before` and `after` a call may throw: a refusal, and a lost answer.
 */
export class MemoryBlockStorage implements BlockStorage {
  readonly volumes = new Map<string, StoredVolume>();
  readonly snapshots = new Map<string, StoredSnapshot>();
  readonly backups = new Map<string, StoredBackup>();
  readonly calls: string[] = [];
  before: ((call: string) => void) | undefined;
  after: ((call: string) => void) | undefined;
  /** Work that ends in `error`: `snapshot`, `backup`, `unscheduled` (a backup of a snapshot), `restore`, `volume`; each once. */
  readonly failNext = new Set<string>();
  /** So many backups that are made next stay `creating`, and mark what they are of, for ever. */
  stuckBackups = 0;
  /** Whether a restored volume's metadata names the backup that is in it. */
  notesSource = true;
  /** Each volume that a restore was accepted for. */
  readonly restoredInto: string[] = [];
  /** Null: this user may not ask. */
  backupService: boolean | null = true;
  mayImport = true;
  /** What Cinder takes for a volume's status before an `unscheduled` backup. */
  previousStatus = 'unknown';
  readonly #store: MemoryObjectStore;
  readonly #region: string;
  readonly #pending = new Map<string, () => Promise<void> | void>();
  #made = 0;

  constructor(store: MemoryObjectStore, region: string) {
    this.#store = store;
    this.#region = region;
  }
  quotas = (): Promise<Quotas> => Promise.resolve({});

  #id(): string {
    this.#made += 1;
    return createHash('md5').update(`${this.#region}${this.#made}`).digest('hex');
  }

  /** Each thing is made a second after the last. */
  #time(): string {
    return new Date(Date.parse('2026-11-21T08:00:00Z') + this.#made * 1000).toISOString();
  }

  async #does<T>(call: string, act: () => T | Promise<T>): Promise<T> {
    this.calls.push(call);
    this.before?.(call);
    const result = await act();
    this.after?.(call);
    return result;
  }

  async #step(id: string): Promise<void> {
    const work = this.#pending.get(id);
    this.#pending.delete(id);
    await work?.();
  }

  #fails(what: string): boolean {
    return this.failNext.delete(what);
  }

  async *listVolumes(options: { readonly name?: string } = {}): AsyncGenerator<Volume> {
    await this.#does('listVolumes', () => undefined);
    for (const volume of this.volumes.values())
      if (options.name === undefined || volume.name === options.name) yield { ...volume };
  }

  getVolume(id: string): Promise<Volume | null> {
    return this.#does('getVolume', async () => {
      const volume = this.volumes.get(id);
      const seen = volume === undefined ? null : { ...volume };
      await this.#step(id);
      return seen;
    });
  }

  createVolume(volume: NewVolume): Promise<Volume> {
    return this.#does('createVolume', () => {
      const stored: StoredVolume = {
        id: this.#id(),
        name: volume.name,
        description: volume.description ?? '',
        status: 'creating',
        sizeGib: volume.sizeGib,
        volumeType: volume.volumeType ?? 'default',
        availabilityZone: volume.availabilityZone ?? 'nova',
        bootable: false,
        encrypted: false,
        isAttached: false,
        metadata: volume.metadata ?? {},
        imageMetadata: {},
        createdAt: this.#time(),
        disk: new MemoryDisk(volume.sizeGib),
      };
      this.volumes.set(stored.id, stored);
      this.#pending.set(stored.id, () => {
        stored.status = this.#fails('volume') ? 'error' : 'available';
      });
      return { ...stored };
    });
  }

  updateVolume(
    id: string,
    change: Partial<Pick<Volume, 'name' | 'description' | 'metadata'>>,
  ): Promise<void> {
    return this.#does('updateVolume', () => void Object.assign(this.#volume(id), change));
  }

  resetVolumeStatus(id: string, status: string): Promise<void> {
    return this.#does('resetVolumeStatus', () => {
      this.#volume(id).status = status;
    });
  }

  resetSnapshotStatus(id: string, status: string): Promise<void> {
    return this.#does('resetSnapshotStatus', () => {
      const snapshot = this.snapshots.get(id);
      if (snapshot === undefined) throw refusal(404, 'POST', id);
      snapshot.status = status;
    });
  }

  setBootable(id: string, bootable: boolean): Promise<void> {
    return this.#does('setBootable', () => {
      this.#volume(id).bootable = bootable;
    });
  }

  setReadOnly(): Promise<void> {
    return Promise.reject(refusal(501, 'POST', 'setReadOnly'));
  }

  setImageMetadata(id: string, metadata: Readonly<Record<string, string>>): Promise<void> {
    return this.#does('setImageMetadata', () => {
      this.#volume(id).imageMetadata = metadata;
    });
  }

  /** Set by the test's image service. */
  upload: ((volume: Volume, disk: MemoryDisk, name: string) => string) | undefined;

  uploadToImage(id: string, imageName: string): Promise<string> {
    return this.#does('uploadToImage', () => {
      const volume = this.#volume(id);
      if (volume.status !== 'available' || this.upload === undefined)
        throw refusal(400, 'POST', 'os-volume_upload_image');
      volume.status = 'uploading';
      this.#pending.set(id, () => {
        volume.status = 'available';
      });
      return this.upload(volume, volume.disk, imageName);
    });
  }

  deleteVolume(id: string): Promise<boolean> {
    return this.#does('deleteVolume', () => {
      const volume = this.volumes.get(id);
      if (volume === undefined) return false;
      if (volume.status !== 'available' && !volume.status.startsWith('error'))
        throw refusal(400, 'DELETE', id);
      return this.volumes.delete(id);
    });
  }

  async *listSnapshots(
    options: { readonly volumeId?: string; readonly name?: string } = {},
  ): AsyncGenerator<Snapshot> {
    await this.#does('listSnapshots', () => undefined);
    for (const snapshot of this.snapshots.values())
      if (
        (options.volumeId ?? snapshot.volumeId) === snapshot.volumeId &&
        (options.name ?? snapshot.name) === snapshot.name
      )
        yield { ...snapshot };
  }

  getSnapshot(id: string): Promise<Snapshot | null> {
    return this.#does('getSnapshot', async () => {
      const snapshot = this.snapshots.get(id);
      const seen = snapshot === undefined ? null : { ...snapshot };
      await this.#step(id);
      return seen;
    });
  }

  createSnapshot(snapshot: {
    readonly volumeId: string;
    readonly name: string;
    readonly metadata?: Readonly<Record<string, string>>;
  }): Promise<Snapshot> {
    return this.#does('createSnapshot', () => {
      const volume = this.#volume(snapshot.volumeId);
      const stored: StoredSnapshot = {
        id: this.#id(),
        name: snapshot.name,
        volumeId: volume.id,
        status: 'creating',
        sizeGib: volume.sizeGib,
        metadata: snapshot.metadata ?? {},
        createdAt: this.#time(),
        disk: volume.disk.copy(),
      };
      this.snapshots.set(stored.id, stored);
      this.#pending.set(stored.id, () => {
        stored.status = this.#fails('snapshot') ? 'error' : 'available';
      });
      return { ...stored };
    });
  }

  deleteSnapshot(id: string): Promise<boolean> {
    return this.#does('deleteSnapshot', () => this.snapshots.delete(id));
  }

  async *listBackups(
    options: {
      readonly volumeId?: string;
      readonly name?: string;
      readonly status?: string;
    } = {},
  ): AsyncGenerator<Backup> {
    await this.#does('listBackups', () => undefined);
    for (const backup of this.backups.values())
      if (
        (options.volumeId ?? backup.volumeId) === backup.volumeId &&
        (options.name ?? backup.name) === backup.name &&
        (options.status ?? backup.status) === backup.status
      )
        yield this.#shown(backup);
  }

  getBackup(id: string): Promise<Backup | null> {
    return this.#does('getBackup', async () => {
      const backup = this.backups.get(id);
      const seen = backup === undefined ? null : this.#shown(backup);
      await this.#step(id);
      return seen;
    });
  }

  #shown(backup: StoredBackup): Backup {
    const { record, ...shown } = backup;
    const hasDependents = [...this.backups.values()].some(
      (other) => other.record['parent_id'] === backup.id,
    );
    return { ...shown, isIncremental: record['parent_id'] != null, hasDependents };
  }

  createBackup(backup: NewBackup): Promise<Backup> {
    return this.#does('createBackup', () => {
      const volume = this.#volume(backup.volumeId);
      const snapshot = this.snapshots.get(backup.snapshotId ?? '');
      if (volume.status !== 'available' && volume.status !== 'in-use')
        throw refusal(400, 'POST', 'backups');
      const others = [...this.backups.values()].filter((other) => other.volumeId === volume.id);
      others.sort((a, b) => b.dataTimestamp.localeCompare(a.dataTimestamp));
      const parent = backup.incremental ? others[0] : undefined;
      if (backup.incremental && parent?.status !== 'available')
        throw refusal(400, 'POST', 'backups');
      const id = this.#id();
      const createdAt = this.#time();
      const stored: StoredBackup = {
        id,
        name: backup.name,
        description: backup.description ?? '',
        status: 'creating',
        failReason: null,
        volumeId: volume.id,
        snapshotId: snapshot?.id ?? null,
        sizeGib: volume.sizeGib,
        objectCount: 0,
        container: 'volumebackups',
        isIncremental: parent !== undefined,
        hasDependents: false,
        dataTimestamp: snapshot?.createdAt ?? createdAt,
        createdAt,
        record: {},
      };
      this.backups.set(id, stored);
      if (this.stuckBackups > 0) {
        this.stuckBackups -= 1;
        if (snapshot === undefined) volume.status = 'backing-up';
        else snapshot.status = 'backing-up';
        return this.#shown(stored);
      }
      this.#pending.set(id, async () => {
        if (snapshot !== undefined && this.#fails('unscheduled')) {
          stored.status = 'error';
          snapshot.status = 'backing-up';
          volume.status = this.previousStatus;
          return;
        }
        if (this.#fails('backup')) {
          Object.assign(stored, { status: 'error', failReason: 'as the test ordered' });
          return;
        }
        await writeBackup(this.#store, stored, snapshot?.disk ?? volume.disk, parent);
        stored.status = 'available';
      });
      return this.#shown(stored);
    });
  }

  restoreBackup(id: string, volumeId: string): Promise<void> {
    return this.#does('restoreBackup', () => {
      const backup = this.backups.get(id);
      const volume = this.#volume(volumeId);
      if (backup?.status !== 'available' || volume.status !== 'available')
        throw refusal(400, 'POST', `backups/${id}/restore`);
      this.restoredInto.push(volumeId);
      backup.status = 'restoring';
      volume.status = 'restoring-backup';
      this.#pending.set(volumeId, async () => {
        const isWhole = !this.#fails('restore') && (await this.#readBack(backup, volume));
        backup.status = 'available';
        volume.status = isWhole ? 'available' : 'error_restoring';
        const isNoted = isWhole && backup.volumeId !== volumeId && this.notesSource;
        const source = isNoted ? { src_backup_id: id } : {};
        volume.metadata = { restored: 'by Cinder', ...source };
      });
    });
  }

  /** As `_restore_v1`: the listing must be what `_metadata` says; no hash is looked at. */
  async #readBack(backup: StoredBackup, volume: StoredVolume): Promise<boolean> {
    // As a file back end does, whatever comes of the rest.
    volume.disk.bytes.fill(0);
    const chain = [backup];
    for (let id = backup.record['parent_id']; typeof id === 'string';) {
      const parent = this.backups.get(id);
      if (parent === undefined) return false;
      chain.unshift(parent);
      id = parent.record['parent_id'];
    }
    for (const each of chain) if (!(await volume.disk.restore(this.#store, each))) return false;
    return true;
  }

  deleteBackup(id: string): Promise<boolean> {
    return this.#does('deleteBackup', async () => {
      const backup = this.backups.get(id);
      if (backup === undefined) return false;
      const isAllowed = backup.status === 'available' || backup.status === 'error';
      if (!isAllowed || this.#shown(backup).hasDependents) throw refusal(400, 'DELETE', id);
      await this.#removeObjects(backup);
      return this.backups.delete(id);
    });
  }

  /** Ends a making that is under way, as cinder-backup does at its next object. */
  forceDeleteBackup(id: string): Promise<boolean> {
    return this.#does('forceDeleteBackup', async () => {
      const backup = this.backups.get(id);
      if (backup === undefined) return false;
      this.#pending.delete(id);
      await this.#removeObjects(backup);
      return this.backups.delete(id);
    });
  }

  async #removeObjects(backup: StoredBackup): Promise<void> {
    const prefix = backup.record['service_metadata'];
    const objects = this.#store.stored.get(backup.container)?.current;
    if (typeof prefix !== 'string') return;
    for (const name of [...(objects?.keys() ?? [])])
      if (name.startsWith(prefix)) await this.#store.delete(backup.container, name);
  }

  exportRecord(id: string): Promise<BackupRecord> {
    return this.#does('exportRecord', () => {
      const backup = this.backups.get(id);
      if (backup?.status !== 'available') throw refusal(400, 'GET', `${id}/export_record`);
      return { backupService: String(backup.record['service']), fields: { ...backup.record } };
    });
  }

  importRecord({ fields }: BackupRecord): Promise<string> {
    return this.#does('importRecord', () => {
      const id = String(fields['id']);
      if (this.backups.has(id))
        throw refusal(400, 'POST', 'import_record', 'block-storage.record-exists');
      const stored: StoredBackup = {
        id,
        name: String(fields['display_name']),
        description: String(fields['display_description']),
        status: 'creating',
        failReason: null,
        volumeId: String(fields['volume_id']),
        snapshotId: null,
        sizeGib: Number(fields['size']),
        objectCount: Number(fields['object_count']),
        container: String(fields['container']),
        isIncremental: fields['parent_id'] != null,
        hasDependents: false,
        dataTimestamp: String(fields['data_timestamp']),
        createdAt: this.#time(),
        record: { ...fields },
      };
      this.backups.set(id, stored);
      this.#pending.set(id, () => {
        stored.status = 'available';
      });
      return id;
    });
  }

  mayImportRecords(): Promise<boolean> {
    return this.#does('mayImportRecords', () => this.mayImport);
  }

  isBackupServiceUp(): Promise<boolean | null> {
    return this.#does('isBackupServiceUp', () => this.backupService);
  }

  async *listVolumeTypes(): AsyncGenerator<VolumeType> {
    yield await Promise.resolve({ id: 'type-1', name: 'default' });
  }

  #volume(id: string): StoredVolume {
    const volume = this.volumes.get(id);
    if (volume === undefined) throw refusal(404, 'GET', id);
    return volume;
  }
}
