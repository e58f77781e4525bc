import { expect } from 'chai';
import {
  isSameType,
  listedType,
  textOfHeader,
} from '../../../regions/object-store/content-type.ts';

describe('content types', () => {
  // Each pair was given by `extract_swift_bytes` of Swift 2.30.1.
  for (const [sent, listed] of [
    ['text/html', 'text/html'],
    ['text/html; charset=utf-8', 'text/html;charset=utf-8'],
    ['text/html ; charset = utf-8', 'text/html ;charset=utf-8'],
    ['video/mp4; codecs="a, b"', 'video/mp4;codecs="a, b"'],
    ['a/b; flag', 'a/b;flag='],
    ['a/b; x=c/d', 'a/b;x=c'],
    ['a/b;', 'a/b'],
    ['a/b;;x=1', 'a/b;x=1'],
    ['a/b; x="un\\"q"; y=2', 'a/b;x="un\\"q";y=2'],
    ['a/b; x="open', 'a/b;x='],
    ['a/b; Ünï=é', 'a/b;Ünï=é'],
    ['a/b;x==y', 'a/b;x='],
    ['a/b; x=1 y=2; z=3', 'a/b;x=1;z=3'],
    ['a/b; swift_bytes=5; n=1', 'a/b;n=1'],
    ['a/b;\tx=1', 'a/b;x=1'],
    ["a/b; q=';';z=1", "a/b;q=';'=;z=1"],
  ] as const)
    it(`${sent} is listed as ${listed}`, () => {
      expect(listedType(sent)).to.equal(listed);
      expect(listedType(listed)).to.equal(listed);
    });

  it('take no time that whoever set them could choose', () => {
    for (const part of [' ', '; ', ';a="', ';a= ', ';a="\\', '\u00a0', ';\u00a0'])
      expect(listedType(`a/b;x=1${part.repeat(100_000)}`)).to.match(/^a\/b;x=1/);
  });

  it('are the same when a listing would show them so, or does not tell', () => {
    expect(isSameType('text/html; charset=utf-8', 'text/html;charset=utf-8')).to.equal(true);
    expect(isSameType('', 'text/html')).to.equal(true);
    expect(isSameType('text/html', 'text/html; charset=utf-8')).to.equal(false);
    expect(isSameType('text/html', 'text/HTML')).to.equal(false);
  });

  it('in a header are UTF-8, and left alone where they are not', () => {
    expect(textOfHeader(Buffer.from('a/b; n="ü"').toString('latin1'))).to.equal('a/b; n="ü"');
    expect(textOfHeader('a/b; n="\xfc"')).to.equal('a/b; n="\xfc"');
  });
});
