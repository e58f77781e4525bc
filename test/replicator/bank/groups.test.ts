import { expect } from 'chai';
import { documentBytesMax, SwiftDocuments } from '../../../replicator/bank/documents.ts';
import { groupsIn } from '../../../replicator/bank/groups.ts';
import { newKeyPair } from '../../../replicator/bank/identity.ts';
import { publishedKeys, publishKey } from '../../../replicator/bank/signed.ts';
import { MemoryObjectStore } from '../../support/memory/object-store.ts';

describe('what lies in a bank', () => {
  let store: MemoryObjectStore;
  let documents: SwiftDocuments;
  beforeEach(() => {
    store = new MemoryObjectStore();
    documents = new SwiftDocuments(store, 'farshore');
  });

  it('is each group once, whatever the names beside it and in it', async () => {
    const last = '\u{10FFFF}';
    const names = [
      '.keys/k',
      '0',
      'a/x',
      `a/${last}`,
      `a/${last}x`,
      'a0',
      'a0/y',
      'installation.json',
    ];
    for (const name of names) await documents.write(name, Buffer.from('{}'));
    const found: string[] = [];
    for await (const group of groupsIn(documents)) {
      found.push(group);
      if (found.length > names.length) break;
    }
    expect(found).to.deep.equal(['a', 'a0']);
  });

  it('is a public key again when what lies there is none', async () => {
    const key = newKeyPair();
    const name = `.keys/${key.fingerprint.replace('sha256:', '')}.json`;
    for (const spoilt of [
      '',
      '{"format":1,"finger',
      '{"publicKey":"AAAA"}',
      ' '.repeat(documentBytesMax + 1),
    ]) {
      await store.putContainer('farshore');
      await store.put('farshore', name, Buffer.from(spoilt), {
        contentLength: spoilt.length,
        headers: {},
      });
      expect(await publishedKeys(documents)).to.deep.equal([]);
      await publishKey(documents, key);
      const [found] = await publishedKeys(documents);
      expect(found).to.deep.equal({ fingerprint: key.fingerprint, publicKey: key.publicKey });
    }
  });
});
