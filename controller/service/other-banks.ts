import { describeError, FarshoreError, isTransient } from '../../kernel/errors.ts';
import type { Bank } from '../../replicator/bank/bank.ts';
import { hasPoint, readGroupRecord } from '../../replicator/bank/group-record.ts';
import { type Authenticity, authenticityOf, type Keyring } from '../../replicator/bank/signed.ts';
import type { Sites } from '../sites.ts';
import { parseBankedGroup, type BankedGroup } from '../state/banked-group.ts';
import type { Fault } from './bank-types.ts';

interface OtherBank {
  readonly bank: Bank;
  readonly ring: Keyring;
}

export interface OtherBanksDeps {
  readonly sites: Pick<Sites, 'names' | 'bank'>;
  /** Who is believed there. */
  readonly keyring: (bank: Bank) => Promise<Keyring>;
  readonly acceptUnverified: boolean;
}

/** A group as one bank has it. */
interface InBank {
  readonly banked: BankedGroup;
  readonly hasPoints: boolean;
}

/** What another region's bank says of a group: it knows better, or could not be asked. */
export interface Elsewhere {
  readonly newer: Fault | null;
  readonly unasked: readonly Fault[];
}

/**
 * A region may hold a record of a group that went on elsewhere: it was deleted there and made anew, or the
 * region was away while another became primary. So the banks of all other regions are asked before one is
 * believed. One that does not answer is asked but once: it may be the region that was lost.
 */
export class OtherBanks {
  readonly #deps: OtherBanksDeps;
  readonly #signal: AbortSignal;
  readonly #opened = new Map<string, Promise<OtherBank>>();
  /** Regions that did not answer, for all groups that come after. */
  readonly #away = new Map<string, FarshoreError>();

  constructor(deps: OtherBanksDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  async ask(here: InBank, region: string): Promise<Elsewhere> {
    const { banked } = here;
    const { name } = banked.spec;
    const unasked: Fault[] = [];
    for (const other of this.#deps.sites.names)
      if (other !== region)
        try {
          const there = await this.#recordOf(name, other);
          if (typeof there === 'string') unasked.push(notAsked(name, other, there));
          else if (there !== null) {
            const why = whyNewer(there, here);
            if (why !== null)
              return { newer: superseded(banked, there.banked, other, why), unasked };
          }
        } catch (error) {
          this.#signal.throwIfAborted();
          if (!(error instanceof FarshoreError)) throw error;
          if (isTransient(error)) this.#away.set(other, error);
          unasked.push(notAsked(name, other, describeError(error)));
        }
    return { newer: null, unasked };
  }

  /** Null: there is none. A text: why the one that is there tells nothing. */
  async #recordOf(group: string, region: string): Promise<InBank | string | null> {
    const { bank, ring } = await this.#open(region);
    const record = await readGroupRecord(bank.documents, group, this.#signal);
    if (record === null) return null;
    const authenticity = authenticityOf(record.parts, ring);
    if (!this.#isBelieved(authenticity))
      return `it is signed by ${record.parts.signature?.key ?? 'nobody'} (${authenticity}): if that is a key of yours, give it with --trust`;
    const banked = parseBankedGroup(record.content);
    if (typeof banked === 'string') return banked;
    return { banked, hasPoints: await hasPoint(bank.documents, group, this.#signal) };
  }

  #isBelieved(authenticity: Authenticity): boolean {
    return (
      authenticity === 'authentic' || (authenticity === 'unverified' && this.#deps.acceptUnverified)
    );
  }

  async #open(region: string): Promise<OtherBank> {
    const away = this.#away.get(region);
    if (away !== undefined) throw away;
    let opened = this.#opened.get(region);
    if (opened === undefined) {
      const { sites, keyring } = this.#deps;
      opened = sites
        .bank(region, this.#signal)
        .then(async (bank) => ({ bank, ring: await keyring(bank) }));
      this.#opened.set(region, opened);
    }
    return await opened;
  }
}

/**
 * Null: it is not. Of one group the generation says it. One of the name that was made at another time is another group: what a
 * deleted one left has no point (but where its region was away), whatever the clocks said when both were made;
 * else the later one.
 */
function whyNewer(there: InBank, here: InBank): string | null {
  const [a, b] = [there.banked, here.banked];
  const newer = 'a newer record of it';
  if (a.createdAt === b.createdAt) return a.head.generation > b.head.generation ? newer : null;
  if (there.hasPoints === here.hasPoints) return a.createdAt > b.createdAt ? newer : null;
  return there.hasPoints ? 'a record of it with points, and here are none' : null;
}

function superseded(
  old: BankedGroup,
  { createdAt, head }: BankedGroup,
  region: string,
  why: string,
): Fault {
  return {
    code: 'bank.group-superseded',
    subject: old.spec.name,
    message: `the bank of ${region} has ${why}: primary ${head.primary} at generation ${head.generation}, made ${createdAt}; here it is ${old.head.primary} at ${old.head.generation}, made ${old.createdAt}. Rebuild it from ${region} (farshore bank rebuild ${region})`,
  };
}

function notAsked(group: string, region: string, why: string): Fault {
  return {
    code: 'bank.not-asked',
    subject: group,
    message: `whether the bank of ${region} has a newer record of it is not known: ${why}`,
  };
}
