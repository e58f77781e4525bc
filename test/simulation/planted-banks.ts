import { readOwner, type BankOwner } from '../../replicator/bank/owner.ts';
import type { Bank } from '../../replicator/bank/bank.ts';
import type { Documents } from '../../replicator/bank/documents.ts';
import type { Plants } from './controllers/sim-controller.ts';

/** Whoever has it: a bank that somebody owns is good enough. */
export const anyonesBank: Plants = {
  sites: (sites) => ({
    ...sites,
    bank: async (name, signal): Promise<Bank> => {
      const bank = await sites.bank(name, signal);
      const ask = bank.requireOwned.bind(bank);
      return Object.assign(bank, {
        requireOwned: async (inner: AbortSignal): Promise<BankOwner> =>
          (await readOwner(bank.documents, inner)) ?? (await ask(inner)),
      });
    },
  }),
};

/** What lies beside a group's points is not brought up to date. */
export const staleRecord: Plants = {
  sites: (sites) => ({
    ...sites,
    bank: async (name, signal): Promise<Bank> => {
      const bank = await sites.bank(name, signal);
      const { documents } = bank;
      return Object.assign(bank, {
        documents: {
          ...documents,
          write: async (...[object, body, inner]: Parameters<typeof documents.write>) => {
            const isRecord = object.includes('/group/');
            if (
              !isRecord ||
              (await isEmpty(documents, object.slice(0, object.lastIndexOf('/') + 1)))
            )
              await documents.write(object, body, inner);
          },
        },
      });
    },
  }),
};

async function isEmpty(documents: Documents, prefix: string): Promise<boolean> {
  const first = await documents.list(prefix)[Symbol.asyncIterator]().next();
  return first.done === true;
}
