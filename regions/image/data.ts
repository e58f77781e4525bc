import { FarshoreError } from '../../kernel/errors.ts';
import type { ServiceClient } from '../http/service-client.ts';
import { refineImageError } from './errors.ts';
import type { ImageService } from './types.ts';

/** Without a byte moved: a store may gather the whole image before it answers. */
const uploadStallMs = 600_000;
const downloadStallMs = 120_000;

type DataCalls = Pick<ImageService, 'upload' | 'download'>;

export function createDataCalls(client: ServiceClient): DataCalls {
  const path = (id: string): string => `/v2/images/${encodeURIComponent(id)}/file`;
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

    async download(id, signal) {
      const response = await client.bulk({
        method: 'GET',
        path: path(id),
        /*
         * When the store's file is shorter than recorded, Glance (its eventlet server) sends what there
         * is and leaves a connection that is to be kept open hanging; one that is to be closed it closes.
         */
        headers: { connection: 'close' },
        operation: 'download image',
        subject: id,
        ok: [200, 204],
        timeoutMs: downloadStallMs,
        signal,
      });
      if (response.status === 200) return response.body;
      response.body.resume();
      throw new FarshoreError('the image has no data', {
        code: 'image.no-data',
        kind: 'permanent',
        operation: 'download image',
        subject: id,
        hint: 'its upload never finished; delete it or upload it again',
      });
    },
  };
}
