import { FarshoreError } from '../../kernel/errors.ts';
import { hasStatus, RequestError } from '../http/request-error.ts';
import type { ServiceClient } from '../http/service-client.ts';
import { refineError } from '../refine-error.ts';
import { call, getOne } from './calls.ts';
import { orQuotaError } from './quota.ts';
import { orRightMissing } from './right-missing.ts';
import type { BackupRecord, BlockStorage } from './types.ts';

/*
 * A backup's record as it travels: `backup_url` is the standard base64, padding included, of a JSON
 * object in UTF-8 (cinder/objects/backup.py, encode_record and decode_record). Cinder decodes with
 * Python's lenient decoder, which drops characters of the URL-safe alphabet without a word, so the
 * standard alphabet is a must. All fields of the record are in it, and `driver_info`; unsigned.
 */

type RecordCalls = Pick<BlockStorage, 'exportRecord' | 'importRecord' | 'mayImportRecords'>;

export function encodeRecord(fields: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(fields), 'utf8').toString('base64');
}

/** Throws SyntaxError or TypeError when it is no base64 of a JSON object in UTF-8. */
export function decodeRecord(backupUrl: string): Readonly<Record<string, unknown>> {
  const bytes = Buffer.from(backupUrl, 'base64');
  const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('not an object');
  return value as Readonly<Record<string, unknown>>;
}

export function createRecordCalls(client: ServiceClient): RecordCalls {
  return {
    async exportRecord(id, signal) {
      const body = await call(client, {
        method: 'GET',
        path: `/backups/${encodeURIComponent(id)}/export_record`,
        operation: 'export backup record',
        subject: id,
        ok: [200],
        signal,
      }).catch((error: unknown) => {
        throw orRightMissing(error, 'backup:export-import');
      });
      const record = body.object('backup-record');
      const backupService = record.string('backup_service');
      return { backupService, fields: decodedOf(record.string('backup_url'), id) };
    },

    async importRecord(record, signal) {
      try {
        const body = await call(client, {
          method: 'POST',
          path: '/backups/import_record',
          json: {
            'backup-record': {
              backup_service: record.backupService,
              backup_url: encodeRecord(record.fields),
            },
          },
          operation: 'import backup record',
          subject: idOf(record),
          ok: [201],
          signal,
        });
        return body.object('backup').string('id');
      } catch (error) {
        throw await explainImport(client, error, record, signal);
      }
    },

    // The policy is asked before the record is read (cinder/backup/api.py, import_record).
    async mayImportRecords(signal) {
      const { status } = await client.json({
        method: 'POST',
        path: '/backups/import_record',
        json: { 'backup-record': { backup_service: 'none', backup_url: encodeRecord({}) } },
        operation: 'ask for the right to import backup records',
        ok: [400, 403],
        signal,
      });
      return status === 400;
    },
  };
}

/**
 * Cinder answers 400 both for an id in use and for a record it cannot read; which of the two it was is
 * asked, not read out of the message. Only an id that this token can see is recognised: for an
 * administrator that is every project's.
 */
async function explainImport(
  client: ServiceClient,
  error: unknown,
  record: BackupRecord,
  signal?: AbortSignal,
): Promise<unknown> {
  if (error instanceof RequestError && hasStatus(error, 400)) {
    const what = { path: '/backups', key: 'backup', id: idOf(record) };
    if ((await getOne(client, what, signal)) === null) return error;
    return refineError(error, {
      code: 'block-storage.record-exists',
      message: 'a backup with this id exists already in that region',
      hint: 'delete the backup there, or use it as it is',
    });
  }
  const size = record.fields['size'];
  const wanted = { backups: 1, backup_gigabytes: typeof size === 'number' ? size : 1 };
  return orQuotaError(client, orRightMissing(error, 'backup:backup-import'), wanted, signal);
}

function idOf(record: BackupRecord): string {
  const id = record.fields['id'];
  if (typeof id === 'string') return id;
  throw new FarshoreError('the record has no id', {
    code: 'block-storage.record-malformed',
    kind: 'permanent',
    operation: 'import backup record',
  });
}

function decodedOf(backupUrl: string, id: string): Readonly<Record<string, unknown>> {
  try {
    return decodeRecord(backupUrl);
  } catch (cause) {
    throw new FarshoreError('the field `backup_url` is no base64 of a JSON object', {
      code: 'block-storage.record-malformed',
      kind: 'permanent',
      operation: 'export backup record',
      subject: id,
      cause,
    });
  }
}
