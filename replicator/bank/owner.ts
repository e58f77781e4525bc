import { z } from 'zod';
import { isoTime, type Clock } from '../../kernel/clock.ts';
import { FarshoreError } from '../../kernel/errors.ts';
import type { Documents } from './documents.ts';
import { groupsIn } from './groups.ts';
import { manifestsIn } from './manifests.ts';

/** Beside the groups: no group can have this name. */
export const ownerObject = 'installation.json';
const claims = '.claims/';

const ownerFormat = 1;

const former = z.looseObject({
  installation: z.string().min(1),
  until: z.string(),
  reason: z.string(),
});

const ownerSchema = z.looseObject({
  format: z.literal(ownerFormat),
  installation: z.string().min(1),
  since: z.string(),
  former: z.array(former),
});

/** Whose bank it is, as it says itself. */
export interface BankOwner {
  readonly format: typeof ownerFormat;
  readonly installation: string;
  /** RFC 3339. */
  readonly since: string;
  /** Whom it was taken from by order, the last one last. */
  readonly former: readonly {
    readonly installation: string;
    readonly until: string;
    readonly reason: string;
  }[];
}

/**
 * Null when nobody has said it is his. Throws `bank.owner-not-understood` for what another release wrote,
 * and `bank.owner-damaged` for what none did.
 */
export async function readOwner(
  documents: Documents,
  signal?: AbortSignal,
): Promise<BankOwner | null> {
  const body = await documents.read(ownerObject, signal);
  if (body === null) return null;
  try {
    return ownerSchema.parse(JSON.parse(body.toString('utf8')));
  } catch (cause) {
    throw isOfAnotherRelease(body)
      ? notUnderstood(documents.place, cause)
      : damaged(documents.place, cause);
  }
}

/** As `readOwner`, for who may not fail over a spoilt document: it says nothing of whose the bank is. */
export async function seeOwner(
  documents: Documents,
  signal?: AbortSignal,
): Promise<{ readonly owner: BankOwner | null; readonly fault: FarshoreError | null }> {
  try {
    return { owner: await readOwner(documents, signal), fault: null };
  } catch (error) {
    if (!(error instanceof FarshoreError) || !faults.has(error.code)) throw error;
    return { owner: null, fault: error };
  }
}

const faults: ReadonlySet<string> = new Set([
  'bank.owner-not-understood',
  'bank.owner-damaged',
  'bank.document-too-large',
]);

function isOfAnotherRelease(body: Buffer): boolean {
  try {
    const { format } = JSON.parse(body.toString('utf8')) as { format?: unknown };
    return typeof format === 'number' && format !== ownerFormat;
  } catch {
    return false;
  }
}

/** Longer than the answer to a PUT takes to be seen by others. */
const settleMs = 2_000;

/**
 * Throws unless the bank is this installation's: one request. A bank without points becomes it, in this order:
 * a claim of its own name; a pause; of several claims the lowest name goes on; the owner's document,
 * only where there is none; read back. Killed in between: a claim, which the next try writes again.
 *
 * Of two installations at once one gets it, for sure where the store knows `If-None-Match: *` (Swift).
 * Elsewhere (Ceph RGW) as long as neither is held up for two seconds between seeing the other's claims
 * and writing: then the later one overwrites, and the earlier is refused at its next check, which
 * comes before whatever it would delete.
 */
export async function requireOwner(
  documents: Documents,
  installation: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<BankOwner> {
  const found = await readOwner(documents, signal);
  if (found !== null) return owned(found, installation, documents.place);
  for await (const group of groupsIn(documents, signal))
    for await (const { object } of manifestsIn(documents, group, { pageSize: 1 }, signal))
      throw ownerless(documents.place, object);
  return claim(documents, installation, clock, signal);
}

/**
 * By an operator's word. The installation that had it is refused from then on. Repeated it changes
 * nothing. Two adoptions at once: the last one to write has it, the other finds that out reading back.
 * What a newer release wrote stays; a spoilt document is written anew, and who had the bank is not known.
 */
export async function adopt(
  documents: Documents,
  installation: string,
  by: { readonly at: string; readonly reason: string },
  signal: AbortSignal,
): Promise<{ readonly owner: BankOwner; readonly before: string | null }> {
  const { owner: found, fault } = await seeOwner(documents, signal);
  if (fault?.code === 'bank.owner-not-understood') throw fault;
  if (found?.installation === installation) return { owner: found, before: installation };
  const owner: BankOwner = {
    ...found,
    format: ownerFormat,
    installation,
    since: by.at,
    former: [
      ...(found?.former ?? []),
      ...(found === null
        ? []
        : [{ installation: found.installation, until: by.at, reason: by.reason }]),
    ],
  };
  await documents.write(ownerObject, encode(owner), signal);
  const read = await readOwner(documents, signal);
  if (read?.installation !== installation) throw contended(documents.place);
  return { owner: read, before: found?.installation ?? null };
}

async function claim(
  documents: Documents,
  installation: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<BankOwner> {
  const since = isoTime(clock.now());
  const mine = `${claims}${installation}`;
  const owner: BankOwner = { format: ownerFormat, installation, since, former: [] };
  await documents.write(mine, encode(owner), signal);
  await clock.sleep(settleMs, signal);
  const others: string[] = [];
  for await (const name of documents.list(claims, {}, signal)) others.push(name);
  const isFirst = others.every((name) => name >= mine);
  if (isFirst && (await readOwner(documents, signal)) === null)
    await documents.create(ownerObject, encode(owner), signal);
  const read = await readOwner(documents, signal);
  await documents.delete(mine, signal);
  if (read === null) throw contended(documents.place);
  return owned(read, installation, documents.place);
}

function owned(found: BankOwner, installation: string, place: string): BankOwner {
  if (found.installation === installation) return found;
  throw new FarshoreError(
    `the bank belongs to installation ${found.installation} since ${found.since}; this is installation ${installation}`,
    {
      code: 'bank.other-owner',
      kind: 'permanent',
      operation: 'use bank',
      subject: place,
      hint: 'if that one lost its state, or gives it up: farshore bank rebuild or farshore bank adopt; else name another container (regions.<name>.bank.container). Nothing of it was changed',
    },
  );
}

function encode(owner: BankOwner): Buffer {
  return Buffer.from(JSON.stringify(owner) + '\n');
}

function ownerless(place: string, found: string): FarshoreError {
  return new FarshoreError(`it holds ${found} and does not say whose it is`, {
    code: 'bank.ownerless',
    kind: 'permanent',
    operation: 'use bank',
    subject: place,
    hint: `if its ${ownerObject} was deleted: farshore bank verify, then farshore bank adopt. If it is of something else, name an empty container (regions.<name>.bank.container). Nothing of it was changed`,
  });
}

function contended(place: string): FarshoreError {
  return new FarshoreError('another installation takes the bank at the same time', {
    code: 'bank.contended',
    kind: 'transient',
    operation: 'use bank',
    subject: place,
    hint: 'see which one has it: farshore bank show. While nobody has it and this goes on, the other one gave up half-way: farshore bank adopt',
  });
}

function damaged(place: string, cause: unknown): FarshoreError {
  return new FarshoreError(`its ${ownerObject} is damaged and does not say whose it is`, {
    code: 'bank.owner-damaged',
    kind: 'permanent',
    operation: 'use bank',
    subject: place,
    hint: 'farshore bank verify says what else is there; farshore bank adopt writes it anew. Nothing was changed',
    cause,
  });
}

function notUnderstood(place: string, cause: unknown): FarshoreError {
  return new FarshoreError(`its ${ownerObject} is not what this farshore writes`, {
    code: 'bank.owner-not-understood',
    kind: 'permanent',
    operation: 'use bank',
    subject: place,
    hint: 'a newer release may have written it: upgrade farshore. Nothing was changed',
    cause,
  });
}
