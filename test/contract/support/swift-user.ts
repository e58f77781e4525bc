import { type Answer, type Outsider, quoted, type Question } from './outsider.ts';

/** A row of a listing as Swift writes it. */
export interface Row {
  readonly name: string;
  readonly content_type: string;
  readonly slo_etag?: string;
  readonly symlink_path?: string;
}

/** A user's container: its objects, by name. */
export class SwiftUser {
  readonly #outsider: Outsider;

  constructor(outsider: Outsider) {
    this.#outsider = outsider;
  }

  container(method: string, name: string, headers = {}): Promise<Answer> {
    return this.#outsider.ask('object-store', method, `/${quoted(name)}`, { headers });
  }

  object(
    method: string,
    container: string,
    name: string,
    question: Question & { readonly query?: string } = {},
  ): Promise<Answer> {
    const query = question.query === undefined ? '' : `?${question.query}`;
    const path = `/${quoted(container)}/${quoted(name)}${query}`;
    return this.#outsider.ask('object-store', method, path, question);
  }

  put(
    container: string,
    name: string,
    body: string | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return this.object('PUT', container, name, { body, headers, expected: 201 });
  }

  /** All rows, in pages. */
  async rows(container: string): Promise<readonly Row[]> {
    const all: Row[] = [];
    for (;;) {
      const marker = encodeURIComponent(all.at(-1)?.name ?? '');
      const path = `/${quoted(container)}?format=json&marker=${marker}`;
      const page = (await this.#outsider.json('object-store', 'GET', path)) as Row[];
      if (page.length === 0) return all;
      all.push(...page);
    }
  }

  /** As the `swift` command does it: segments in a container beside it, then the manifest. */
  async putLarge(
    container: string,
    name: string,
    data: Buffer,
    segmentBytes: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const segments = `${container}_segments`;
    await this.container('PUT', segments);
    const manifest: { path: string; etag: string; size_bytes: number }[] = [];
    for (let start = 0; start < data.length; start += segmentBytes) {
      const part = data.subarray(start, start + segmentBytes);
      const number = String(manifest.length).padStart(8, '0');
      const path = `${name}/slo/1700000000.000000/${data.length}/${segmentBytes}/${number}`;
      const { headers: answered } = await this.put(segments, path, part);
      const etag = String(answered['etag']).replaceAll('"', '');
      manifest.push({ path: `/${segments}/${path}`, etag, size_bytes: part.length });
    }
    await this.object('PUT', container, name, {
      body: JSON.stringify(manifest),
      headers: { 'x-object-meta-mtime': '1700000000.000000', ...headers },
      query: 'multipart-manifest=put',
      expected: 201,
    });
  }
}
