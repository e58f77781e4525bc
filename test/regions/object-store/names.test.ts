import { expect } from 'chai';
import fc from 'fast-check';
import {
  compareNames,
  containerPath,
  decodeName,
  encodeName,
  objectPath,
} from '../../../regions/object-store/names.ts';

const anyName = fc.string({ unit: 'binary', minLength: 1 });

describe('names', () => {
  const table: readonly [string, string][] = [
    ['a/b', '/c%20%C3%BC/a/b'],
    ['a//b/', '/c%20%C3%BC/a//b/'],
    ['../x', '/c%20%C3%BC/../x'],
    ['q?#%;&=+', '/c%20%C3%BC/q%3F%23%25%3B%26%3D%2B'],
    ['%41', '/c%20%C3%BC/%2541'],
    ['line\nbreak\t', '/c%20%C3%BC/line%0Abreak%09'],
    ['日本😀', '/c%20%C3%BC/%E6%97%A5%E6%9C%AC%F0%9F%98%80'],
  ];
  for (const [name, path] of table)
    it(`${JSON.stringify(name)} is ${path}`, () => expect(objectPath('c ü', name)).to.equal(path));

  it('come back from their encoding, whatever they hold', () =>
    fc.assert(fc.property(anyName, (name) => decodeName(encodeName(name)) === name)));

  it('are encoded without a character that ends a path or a line', () =>
    fc.assert(fc.property(anyName, (name) => /^[\w.!~*'()/%-]+$/.test(encodeName(name)))));

  it('keep a % that begins no escape', () =>
    expect(decodeName('50%/%zz%C3%BC')).to.equal('50%/%zzü'));

  it('are ordered by their bytes, as listings are', () => {
    // U+1F600 is above U+FFFF, but its surrogates are below.
    expect(['\u{1F600}', '\uFFFF', 'b', 'a/', 'a'].sort(compareNames)).to.deep.equal([
      ...['a', 'a/', 'b', '\uFFFF', '\u{1F600}'],
    ]);
  });

  it('refuse a container that no path can hold, and an object without a name', () => {
    for (const name of ['', '.', '..', 'a/b'])
      expect(() => containerPath(name), name)
        .to.throw()
        .with.property('code', 'object-store.invalid-name');
    expect(() => objectPath('c', ''))
      .to.throw()
      .with.property('code', 'object-store.invalid-name');
  });
});
