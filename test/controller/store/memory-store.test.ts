import { MemoryStore } from '../support/memory-store.ts';
import { storeContract } from './contract.ts';

describe('MemoryStore (of tests)', () => {
  storeContract(
    () => Promise.resolve(new MemoryStore()),
    (store) => Promise.resolve((store as MemoryStore).reopened()),
  );
});
