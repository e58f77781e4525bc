import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import { jsonParts } from '../../../replicator/volume/layout/json-items.ts';
import { collect, rejection } from '../../support/rejection.ts';

function stream(text: string, piece: number): Readable {
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += piece) pieces.push(bytes.subarray(at, at + piece));
  return Readable.from(pieces);
}

describe('json read by items', () => {
  it('gives what JSON.parse gives, however the text is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue()),
        fc.jsonValue(),
        fc.string(),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(0, 2),
        async (objects, after, text, piece, indent) => {
          const whole = { a: [text, { '}': text }], objects, z: after, text };
          const body = stream(JSON.stringify(whole, null, indent), piece);
          const parts = await collect(jsonParts(body, 'objects'));
          const items = parts.filter(({ kind }) => kind === 'item').map(({ value }) => value);
          const fields = parts.flatMap((part) =>
            part.kind === 'field' ? [[part.key, part.value]] : [],
          );
          const parsed = JSON.parse(JSON.stringify(whole)) as typeof whole;
          expect(items).to.deep.equal(parsed.objects);
          const { a, z } = parsed;
          expect(fields).to.deep.equal([
            ['a', a],
            ['z', z],
            ['text', text],
          ]);
        },
      ),
    );
  });

  it('refuses what ends early, goes on, or is something else', async () => {
    for (const text of [
      '',
      '{',
      '{"objects": [1',
      '{"objects": [1]',
      '{} {}',
      '[1, 2]',
      '{"a": x}',
      '{"objects": [1,,2]}',
    ]) {
      const error = await rejection(collect(jsonParts(stream(text, 3), 'objects')));
      expect(error.code, text).to.equal('volume.json-unreadable');
    }
  });
});
