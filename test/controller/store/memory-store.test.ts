import { MemoryStore } from '../support/memory-store.ts';
import { storeContract } from './contract.ts';

describe('MemoryStore (of tests)', () => {
  let store: MemoryStore;
  storeContract(
    () => {
      store = new MemoryStore();
      return Promise.resolve(store);
    },
    () => Promise.resolve(store.reopened()),
  );
});
