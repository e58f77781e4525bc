import { createHmac } from 'node:crypto';
import { request } from 'undici';
import type { Region } from '../region.ts';
import { servicePorts } from '../topology.ts';

interface Key {
  readonly access_key: string;
  readonly secret_key: string;
}

/** A user of the RGW's other interface: what S3 puts, Swift's lists too. */
export class S3User {
  readonly #root: string;
  readonly #key: Key;

  private constructor(root: string, key: Key) {
    this.#root = root;
    this.#key = key;
  }

  /** With a key of its own for the project, whose user the RGW has since its first request. */
  static async of(region: Region, projectId: string): Promise<S3User> {
    const uid = `${projectId}$${projectId}`;
    const made = ['key', 'create', '--uid', uid, '--key-type', 's3', '--gen-access-key'];
    const text = await region.run(['radosgw-admin', '-n', 'client.rgw.a', ...made, '--gen-secret']);
    const { keys } = JSON.parse(text) as { readonly keys: readonly Key[] };
    const [key] = keys;
    if (key === undefined) throw new Error(`the RGW made no key for ${uid}`);
    return new S3User(`http://${region.address}:${servicePorts.swift}`, key);
  }

  /** Each part but the last has 5 MiB at least. */
  async putInParts(bucket: string, object: string, parts: readonly Buffer[]): Promise<void> {
    const path = `/${bucket}/${object}`;
    const begun = await this.#send('POST', `${path}?uploads`);
    const id = /<UploadId>(.*)<\/UploadId>/.exec(begun)?.[1] ?? '';
    const done: string[] = [];
    for (const [index, part] of parts.entries()) {
      const number = index + 1;
      const etag = await this.#send('PUT', `${path}?partNumber=${number}&uploadId=${id}`, part);
      done.push(`<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`);
    }
    const list = `<CompleteMultipartUpload>${done.join('')}</CompleteMultipartUpload>`;
    await this.#send('POST', `${path}?uploadId=${id}`, Buffer.from(list));
  }

  /** The answer's body; its ETag where it has none. Signed as S3's version 2 has it. */
  async #send(
    method: 'PUT' | 'POST',
    target: string,
    sent: Buffer = Buffer.alloc(0),
  ): Promise<string> {
    const date = new Date().toUTCString();
    const signed = `${method}\n\n\n${date}\n${target}`;
    const signature = createHmac('sha1', this.#key.secret_key).update(signed).digest('base64');
    const headers = { date, authorization: `AWS ${this.#key.access_key}:${signature}` };
    const answer = await request(this.#root + target, { method, headers, body: sent });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${method} ${target}: ${text}`);
    return text === '' ? String(answer.headers['etag']) : text;
  }
}
