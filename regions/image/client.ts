import { Answer, type AnswerSource } from '../answer.ts';
import type { JsonRequest, ServiceClient } from '../http/service-client.ts';
import { createDataCalls } from './data.ts';
import { orIdTaken, refineImageError } from './errors.ts';
import { createMemberCalls } from './members.ts';
import { parseImage } from './parse.ts';
import { patchFor, type PatchOperation } from './patch.ts';
import type { Image, ImageService, NewImage } from './types.ts';

const pageRows = 500;

/** One project's Glance, API v2. */
export function createImageService(client: ServiceClient): ImageService {
  const calls = new ImageCalls(client);
  return Object.freeze({
    list: (options = {}) => calls.list(options),
    get: (id: string, signal?: AbortSignal) => calls.get(id, signal),
    create: (image: NewImage, signal?: AbortSignal) => calls.create(image, signal),
    update: (...given: Parameters<ImageService['update']>) => calls.update(...given),
    delete: (id: string, signal?: AbortSignal) => calls.delete(id, signal),
    ...createDataCalls(client),
    ...createMemberCalls(client),
  } satisfies ImageService);
}

type ListOptions = NonNullable<Parameters<ImageService['list']>[0]>;

class ImageCalls {
  readonly #client: ServiceClient;

  constructor(client: ServiceClient) {
    this.#client = client;
  }

  /** Glance lists either the hidden images or the others, never both. */
  async *list(options: ListOptions): AsyncGenerator<Image, void, undefined> {
    yield* this.#pages(options, false);
    yield* this.#pages(options, true);
  }

  async *#pages(options: ListOptions, hidden: boolean): AsyncGenerator<Image, void, undefined> {
    const { name, property, signal } = options;
    const query = {
      owner: this.#client.projectId,
      os_hidden: hidden,
      limit: pageRows,
      // `in:` and the like would be taken for an operator.
      ...(name === undefined || name.includes(':') ? {} : { name }),
      ...(property === undefined ? {} : { [property[0]]: property[1] }),
    };
    const operation = 'list images';
    let marker: string | undefined;
    for (;;) {
      const body = await this.#json({
        method: 'GET',
        path: '/v2/images',
        query: { ...query, ...(marker === undefined ? {} : { marker }) },
        operation,
        ok: [200],
        signal,
      });
      for (const row of body.objects('images')) {
        const image = parseImage(row);
        if (isMatch(image, options)) yield image;
      }
      const next = body.stringOr('next', undefined);
      const nextMarker = new URLSearchParams(next?.split('?')[1] ?? '').get('marker');
      if (nextMarker === null || nextMarker === marker) return;
      marker = nextMarker;
    }
  }

  async get(id: string, signal?: AbortSignal): Promise<Image | null> {
    const operation = 'read image';
    const response = await this.#client.json({
      method: 'GET',
      path: path(id),
      operation,
      subject: id,
      ok: [200, 404],
      signal,
    });
    return response.status === 404
      ? null
      : parseImage(new Answer(response.body, this.#source(operation)));
  }

  async create(image: NewImage, signal?: AbortSignal): Promise<Image> {
    try {
      const answer = await this.#json({
        method: 'POST',
        path: '/v2/images',
        json: imageBody(image),
        operation: 'create image',
        subject: image.id ?? image.name,
        ok: [201],
        signal,
      });
      return parseImage(answer);
    } catch (error) {
      throw orIdTaken(error, image.id);
    }
  }

  async update(...[id, change, signal]: Parameters<ImageService['update']>): Promise<Image> {
    const held = parseImage(
      await this.#json({
        method: 'GET',
        path: path(id),
        operation: 'update image',
        subject: id,
        ok: [200],
        signal,
      }),
    );
    const operations = patchFor(held, change);
    return operations.length === 0 ? held : this.#patch(id, operations, signal);
  }

  async delete(id: string, signal?: AbortSignal): Promise<boolean> {
    const image = await this.get(id, signal);
    if (image === null) return false;
    if (image.protected)
      await this.#patch(id, [{ op: 'replace', path: '/protected', value: false }], signal);
    const response = await this.#client.json({
      method: 'DELETE',
      path: path(id),
      operation: 'delete image',
      subject: id,
      ok: [204, 404],
      signal,
    });
    return response.status !== 404;
  }

  async #patch(
    id: string,
    operations: readonly PatchOperation[],
    signal?: AbortSignal,
  ): Promise<Image> {
    try {
      const answer = await this.#json({
        method: 'PATCH',
        path: path(id),
        headers: { 'content-type': 'application/openstack-images-v2.1-json-patch' },
        json: operations,
        operation: 'update image',
        subject: id,
        ok: [200],
        signal,
      });
      return parseImage(answer);
    } catch (error) {
      throw refineImageError(error);
    }
  }

  async #json(request: JsonRequest): Promise<Answer> {
    const response = await this.#client.json(request);
    return new Answer(response.body, this.#source(request.operation));
  }

  #source(operation: string): AnswerSource {
    return { region: this.#client.region, service: this.#client.service, operation };
  }
}

function path(id: string): string {
  return `/v2/images/${encodeURIComponent(id)}`;
}

/** The filters again: some are ignored without a word where Glance does not know them. */
function isMatch(image: Image, { name, property }: ListOptions): boolean {
  if (name !== undefined && image.name !== name) return false;
  return property === undefined || image.properties[property[0]] === property[1];
}

function imageBody(image: NewImage): Record<string, unknown> {
  return {
    ...image.properties,
    id: image.id,
    name: image.name,
    disk_format: image.diskFormat,
    container_format: image.containerFormat,
    visibility: image.visibility,
    protected: image.protected,
    os_hidden: image.hidden,
    min_disk: image.minDiskGib,
    min_ram: image.minRamMib,
    tags: image.tags,
  };
}
