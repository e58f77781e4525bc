import { readOwner, type BankOwner } from '../../replicator/bank/owner.ts';
import type { Bank } from '../../replicator/bank/bank.ts';
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
            const isThere = (await documents.read(object, inner)) !== null;
            if (!isThere || !object.endsWith('/group.json'))
              await documents.write(object, body, inner);
          },
        },
      });
    },
  }),
};
