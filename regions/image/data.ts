import { FarshoreError } from '../../kernel/errors.ts';
import { beginsAt } from '../http/headers.ts';
import type { ServiceClient } from '../http/service-client.ts';
import { refineImageError } from './errors.ts';
import type { ImageService } from './types.ts';

/** Without a byte moved: a store may gather the whole image before it answers. */
const uploadStallMs = 600_000;
const downloadStallMs = 120_000;
/** Glance's answers where the store reads no ranges (400), or has fewer bytes (416). */
const noRange = [400, 416];

type DataCalls = Pick<ImageService, 'upload' | 'download' | 'downloadFrom'>;

export function createDataCalls(client: ServiceClient): DataCalls {
  const path = (id: string): string => `/v2/images/${encodeURIComponent(id)}/file`;
  const downloadFrom: DataCalls['downloadFrom'] = async (id, from, signal) => {
    const operation = 'download image';
    const range = from === 0 ? undefined : `bytes=${from}-`;
    const { status, headers, body } = await client.bulk({
      method: 'GET',
      path: path(id),
      /*
       * When the store's file is shorter than recorded, Glance (its eventlet server) sends what there
       * is and leaves a connection that is to be kept open hanging; one that is to be closed it closes.
       */
      headers: { connection: 'close', ...(range === undefined ? {} : { range }) },
      operation,
      subject: id,
      ok: range === undefined ? [200, 204] : [200, 204, 206, ...noRange],
      timeoutMs: downloadStallMs,
      signal,
    });
    if (status === 200) return { body, from: 0 };
    if (beginsAt(headers, from)) return { body, from };
    body.destroy();
    if (status !== 204) return await downloadFrom(id, 0, signal);
    throw new FarshoreError('the image has no data', {
      ...{ code: 'image.no-data', kind: 'permanent', operation, subject: id },
      hint: 'its upload never finished; delete it or upload it again',
    });
  };
  return {
    async upload(id, body, sizeBytes, signal) {
      const response = await client
        .bulk({
          method: 'PUT',
          path: path(id),
          /*
           * With its length, so that a body that is cut off is an error to Glance (the image goes back to
           * `queued`) and stores that make room beforehand can.
           */
          headers: { 'content-type': 'application/octet-stream' },
          contentLength: sizeBytes,
          body,
          operation: 'upload image',
          subject: id,
          ok: [204],
          repeatable: false,
          timeoutMs: uploadStallMs,
          signal,
        })
        .catch((error: unknown) => {
          throw refineImageError(error);
        });
      response.body.resume();
    },

    download: async (id, signal) => (await downloadFrom(id, 0, signal)).body,
    downloadFrom,
  };
}
