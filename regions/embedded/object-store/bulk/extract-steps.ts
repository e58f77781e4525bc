import { once } from 'node:events';
import { Readable } from 'node:stream';
import { Refusal } from '../../http/refusal.ts';
import { limits } from '../metadata.ts';
import type { HeaderMap } from '../records.ts';
import { page } from '../refusals.ts';
import type { Core, Request } from '../request.ts';
import { quote } from '../wire.ts';
import { archiveBytes, type Compression } from './archive.ts';
import { type BulkName, bulkName, nameOf, splitPath } from './names.ts';
import { type Problem, report, type ReportFormat, statusLine } from './report.ts';
import { isSuccess, stepOf, stepReply } from './step.ts';
import { type TarEntry, TarError, TarReader } from './tar-reader.ts';

const mostFailures = 1_000;
const mostContainers = 10_000;
const longestShown = limits.objectNameBytes + limits.containerNameBytes + 2;

/** Puts the files of an archive as objects, one after another, and ends with the report of it. */
export async function* extractSteps(
  core: Core,
  request: Request,
  compression: Compression,
  format: ReportFormat | undefined,
): AsyncGenerator<void, string, undefined> {
  const results = {
    'Response Status': statusLine(201),
    'Response Body': '',
    'Number Files Created': 0,
  };
  const extraction = new Extraction(core, request);
  try {
    if (format === undefined) throw page(406);
    const { headers } = request;
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
      throw page(411);
    const tar = new TarReader(await archiveBytes(request.body, compression));
    while (extraction.problems.length < mostFailures) {
      const entry = await tar.next();
      if (entry === undefined) break;
      if (entry.isFile) await extraction.put(entry, tar);
      results['Number Files Created'] = extraction.created;
      yield;
    }
    if (extraction.problems.length > 0) throw page(extraction.worst);
    if (extraction.created === 0) throw page(400, 'Invalid Tar File: No Valid Files');
  } catch (error) {
    const isTar = error instanceof TarError;
    if (!isTar && !(error instanceof Refusal)) throw error;
    results['Response Status'] = statusLine(isTar ? 400 : error.status);
    results['Response Body'] = isTar ? `Invalid Tar File: ${error.message}` : error.message;
  }
  return report(format, results, extraction.problems, 'extract');
}

class Extraction {
  readonly problems: Problem[] = [];
  created = 0;
  /** The status that the problems together come to. */
  worst = 400;
  readonly #core: Core;
  readonly #request: Request;
  readonly #base: string;
  readonly #headers: HeaderMap;
  readonly #containers = new Set<string>();
  #made = 0;

  constructor(core: Core, request: Request) {
    this.#core = core;
    this.#request = request;
    this.#base = `${request.container}/${request.object}`.replace(/\/+$/, '');
    this.#headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) =>
        /^x-(delete-at|delete-after|object-meta-.*)$/.test(name),
      ),
    );
  }

  /** Throws a Refusal that ends it all. */
  async put(entry: TarEntry, tar: TarReader): Promise<void> {
    const name = this.#nameOf(entry);
    if (name === undefined) return;
    if (name.text === undefined || entry.bytes > limits.fileBytes) {
      this.#fail(name, name.text === undefined ? 412 : 413);
      return;
    }
    const { container, object } = splitPath(name.text);
    const refused = await this.#container(container);
    const body = Readable.from(tar.data(), { objectMode: false });
    const { status } = await stepReply(
      this.#core,
      stepOf(this.#request, {
        method: 'PUT',
        container,
        object,
        headers: {
          ...this.#headers,
          ...attributeHeaders(entry),
          'content-length': String(entry.bytes),
        },
        body,
      }),
    );
    // Only then nobody takes from the archive any more.
    if (!body.destroy().closed) await once(body, 'close');
    this.#containers.add(container);
    if (isSuccess({ status })) {
      this.created++;
      return;
    }
    if (refused !== undefined) this.problems.push(refused);
    this.#fail(name, status);
    if (status === 401) throw page(401);
  }

  /** Undefined: of no container. */
  #nameOf(entry: TarEntry): BulkName | undefined {
    const wire = entry.name
      .toString('latin1')
      .replace(/^\.\//, '')
      .replace(/^\/+/, '')
      .replaceAll('%', '%25');
    const { text, shown } = bulkName(wire);
    const base = this.#base === '' ? '' : `${this.#base}/`;
    const isAtTop = !(base + wire).includes('/');
    if (isAtTop) return undefined;
    return text === undefined ? { text, shown: quote(base) + shown } : nameOf(base + text);
  }

  /** Makes it when it isn't there; what is in the way may not be in the object's. */
  async #container(container: string): Promise<Problem | undefined> {
    if (this.#containers.has(container)) return undefined;
    const step = { container, object: '' };
    let { status } = await stepReply(
      this.#core,
      stepOf(this.#request, { ...step, method: 'HEAD' }),
    );
    if (status === 404) {
      ({ status } = await stepReply(this.#core, stepOf(this.#request, { ...step, method: 'PUT' })));
      if (status < 300 && ++this.#made > mostContainers)
        throw page(400, `More than ${mostContainers} containers to create from tar.`);
    }
    if (status < 300) return undefined;
    if (status === 401) throw page(401);
    const { shown } = nameOf(`/v1/${this.#request.account}/${container}`);
    return [shown.slice(0, longestShown), statusLine(status)];
  }

  #fail({ shown }: BulkName, status: number): void {
    if (status >= 500) this.worst = 502;
    this.problems.push([shown.slice(0, longestShown), statusLine(status)]);
  }
}

/** Extended attributes that tools write for this: a type, and metadata. */
function attributeHeaders({ attributes }: TarEntry): HeaderMap {
  const headers: Record<string, string> = {};
  for (const [key, value] of attributes) {
    const [, name] = /^(?:SCHILY|LIBARCHIVE)\.xattr\.user\.(mime_type|meta\..+)$/.exec(key) ?? [];
    if (name === undefined) continue;
    const header =
      name === 'mime_type' ? 'content-type' : `x-object-meta-${name.slice('meta.'.length)}`;
    headers[header.toLowerCase()] = value.toString('latin1');
  }
  return headers;
}
