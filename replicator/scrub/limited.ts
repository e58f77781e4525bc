import { Transform, type Readable } from 'node:stream';
import type { ImageService } from '../../regions/image/types.ts';
import type { ObjectStore } from '../../regions/object-store/types.ts';
import type { TargetContext } from '../mover.ts';
import type { Rate } from '../transfer/rate.ts';

/** The same region, its bodies read at no more than the rate; movers need not know. */
export function limited(at: TargetContext, rate: Rate): TargetContext {
  const { target, bank, signal } = at;
  const slowed = (body: Readable) => slow(body, rate, signal);
  const take = (bytes: number) => rate.take(bytes, signal);
  return {
    ...at,
    target: {
      ...target,
      objectStore: slowStore(target.objectStore, slowed, take),
      images: slowImages(target.images, slowed),
    },
    bank: over(bank, {
      store: slowStore(bank.store, slowed, take),
      // Its own copy of the store reads it: what it takes is known beforehand.
      readCatalog: async function* (ref, inner) {
        await rate.take(ref.bytes, signal);
        yield* bank.readCatalog(ref, inner);
      },
      openCatalog: async (ref, inner) => {
        await rate.take(ref.bytes, signal);
        return await bank.openCatalog(ref, inner);
      },
    }),
  };
}

function slowStore(
  store: ObjectStore,
  slowed: (body: Readable) => Readable,
  take: (bytes: number) => Promise<void>,
): ObjectStore {
  return over(store, {
    get: async (...args) => {
      const found = await store.get(...args);
      return found === null ? null : { info: found.info, body: slowed(found.body) };
    },
    getWhole: async (...args) => {
      const found = await store.getWhole(...args);
      if (found !== null && found !== 'larger') await take(found.content.length);
      return found;
    },
  });
}

function slowImages(images: ImageService, slowed: (body: Readable) => Readable): ImageService {
  return over(images, {
    download: async (...args) => slowed(await images.download(...args)),
    downloadFrom: async (...args) => {
      const { body, from } = await images.downloadFrom(...args);
      return { body: slowed(body), from };
    },
  });
}

/** All else is the object's own, private fields included; it may be frozen. */
function over<T extends object>(object: T, changes: Partial<T>): T {
  return new Proxy({} as T, {
    get(_, name) {
      if (Object.hasOwn(changes, name)) return changes[name as keyof T];
      const value: unknown = Reflect.get(object, name, object);
      return typeof value === 'function' ? (value.bind(object) as unknown) : value;
    },
  });
}

function slow(body: Readable, rate: Rate, signal: AbortSignal): Readable {
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      rate.take(chunk.length, signal).then(() => done(null, chunk), done);
    },
  });
  body.once('error', (error) => through.destroy(error));
  through.once('close', () => body.destroy());
  return body.pipe(through);
}
