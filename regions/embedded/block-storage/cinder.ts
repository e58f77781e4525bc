import type { Ambient } from '../../../kernel/ambient.ts';
import type { Faults } from '../faults/faults.ts';
import type { Service } from '../http/service.ts';
import type { Disks } from './disk/disks.ts';
import type { Jobs } from './state/jobs.ts';
import type { State } from './state/state.ts';
import type { ChunkMemory } from './swift-driver/chunk-memory.ts';

/** Settings of cinder-backup that shape what it writes. */
export interface BackupSettings {
  /** A multiple of `blockBytes`. */
  readonly chunkBytes: number;
  readonly blockBytes: number;
  readonly container: string;
}

/** As cinder.conf has them when nothing is said. */
export const defaultBackupSettings: BackupSettings = Object.freeze({
  chunkBytes: 52_428_800,
  blockBytes: 32_768,
  container: 'volumebackups',
});

/** The only availability zone. */
export const zone = 'nova';

export const swiftDriver = 'cinder.backup.drivers.swift.SwiftBackupDriver';

/** What every part of the service works with. */
export interface Cinder {
  /** Of the API process and cinder-backup; the volume backend is `<host>@nfs#nfs`. */
  readonly host: string;
  readonly ambient: Ambient;
  readonly state: State;
  readonly jobs: Jobs;
  readonly disks: Disks;
  readonly faults: Faults;
  readonly objectStore: Service;
  readonly image: Service;
  readonly backupSettings: BackupSettings;
  readonly chunkMemory: ChunkMemory;
}

export function backendOf(cinder: Cinder): string {
  return `${cinder.host}@nfs#nfs`;
}
