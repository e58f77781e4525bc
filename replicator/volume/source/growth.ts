/**
 * How far cinder-backup is with a backup: Cinder's API shows nothing before the end, but its Swift
 * driver writes object after object, and those can be counted where they lie. Their prefix holds a
 * time that the API does not tell: they are looked for from shortly before the backup was accepted.
 */
import type { Backup } from '../../../regions/block-storage/types.ts';
import { hasStatus } from '../../../regions/http/request-error.ts';
import type { ObjectStore } from '../../../regions/object-store/types.ts';

/** By how much the clocks of Cinder's API and of cinder-backup may differ. */
const clocksDifferMs = 24 * 3_600_000;
/** Of one look, in the first half of a page: the one after it was not asked for. The next look goes on. */
const rowsAtOnce = 14_000;

export class BackupGrowth {
  readonly #store: ObjectStore;
  readonly #id: string;
  readonly #begin: string;
  #marker: string;
  #objects = 0;
  #bytes = 0;

  constructor(store: ObjectStore, { id, volumeId, createdAt }: Backup) {
    this.#store = store;
    this.#id = id;
    this.#begin = `volume_${volumeId}/`;
    this.#marker = this.#begin + stamp(Date.parse(createdAt) - clocksDifferMs);
  }

  /** Objects and bytes so far; none while the container is not known or not there. */
  async look(
    container: string,
    signal: AbortSignal,
  ): Promise<{ readonly objects: number; readonly bytes: number }> {
    if (container !== '') await this.#count(container, signal);
    return { objects: this.#objects, bytes: this.#bytes };
  }

  async #count(container: string, signal: AbortSignal): Promise<void> {
    const options = { prefix: this.#begin, marker: this.#marker, signal };
    let rows = 0;
    try {
      for await (const { name, bytes } of this.#store.list(container, options)) {
        rows += 1;
        if (name.includes(`_backup_${this.#id}`)) {
          this.#marker = name;
          this.#objects += 1;
          this.#bytes += bytes;
        }
        if (rows >= rowsAtOnce) return;
      }
    } catch (error) {
      if (!hasStatus(error, 404)) throw error;
    }
  }
}

/** As cinder/backup/drivers/swift.py writes it into the prefix: `YYYYmmddHHMMSS`, UTC. */
function stamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replaceAll(/\D/g, '').slice(0, 14);
}
