import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import type { Bank } from '../../replicator/bank/bank.ts';
import { groupsIn } from '../../replicator/bank/groups.ts';
import { privateKeyPem } from '../../replicator/bank/identity.ts';
import { adopt, ownerObject, seeOwner } from '../../replicator/bank/owner.ts';
import { publishedKeys, type Keyring } from '../../replicator/bank/signed.ts';
import type { RecoveryPoint } from '../../replicator/point/types.ts';
import { assertRegions } from '../sites.ts';
import { auditOf } from '../state/audit.ts';
import { changeKey, openInstallation, type Installation } from '../state/installation.ts';
import { keys } from '../state/keys.ts';
import type { AuditRecord } from '../state/records.ts';
import { collected } from './collected.ts';
import type {
  BankOrder,
  BankService,
  BankVerification,
  BankView,
  Fault,
  InstallationView,
  Rebuild,
  RebuildOrder,
  VerifiedGroup,
} from './bank-types.ts';
import { presentOf } from './present.ts';
import { rebuildGroups, type RebuildDeps } from './rebuild.ts';
import { survey } from './surveyed.ts';

export interface BanksDeps extends RebuildDeps {
  readonly ambient: Ambient;
  readonly site: string;
  readonly stopping: AbortSignal;
}

const recordSubject = 'group record';

interface BankKeyring extends Keyring {
  /** Those that the bank itself holds: what a lost state would have to go by. */
  readonly published: ReadonlySet<string>;
}

/** Orders about banks and about who writes into them. */
export class Banks implements BankService {
  readonly #deps: BanksDeps;

  constructor(deps: BanksDeps) {
    this.#deps = deps;
  }

  async installation(): Promise<InstallationView> {
    return viewOf(await openInstallation(this.#deps.store, this.#deps.ambient));
  }

  async rotateKey(order: BankOrder): Promise<InstallationView> {
    const { store, ambient } = this.#deps;
    const changed = await changeKey(store, ambient, (before, after) =>
      this.#audit('bank.key-rotate', before.key.fingerprint, order, {
        key: after.key.fingerprint,
      }),
    );
    return viewOf(changed);
  }

  async exportKey(order: BankOrder) {
    const { key } = await openInstallation(this.#deps.store, this.#deps.ambient);
    // Said before it is given away.
    await this.#deps.store.transact(
      [],
      [this.#audit('bank.key-export', key.fingerprint, order, {})],
    );
    return { fingerprint: key.fingerprint, pem: privateKeyPem(key) };
  }

  async show(region: string, signal?: AbortSignal): Promise<BankView> {
    return this.#view(region, await this.#bank(region, signal), this.#within(signal));
  }

  async verify(
    region: string,
    trust: readonly string[],
    signal?: AbortSignal,
  ): Promise<BankVerification> {
    const within = this.#within(signal);
    const bank = await this.#bank(region, signal);
    const ring = await this.#keyring(bank, trust, within);
    const view = await this.#view(region, bank, within);
    const groups: VerifiedGroup[] = [];
    const points = (await this.#deps.store.range(keys.points()))
      .map(({ value }) => value)
      .filter((point) => point.region === region && point.state !== 'expiring');
    // Those of which nothing is there any more, too.
    for (const group of new Set([...view.groups, ...points.map((point) => point.group)])) {
      const its = points.filter((point) => point.group === group);
      groups.push(await this.#verifyGroup(group, its, bank, ring, within));
    }
    const isWhole = view.fault === null && groups.every(({ faults }) => faults.length === 0);
    return { bank: view, groups, isWhole };
  }

  async adopt(region: string, order: BankOrder, signal?: AbortSignal): Promise<BankView> {
    const within = this.#within(signal);
    const bank = await this.#bank(region, signal);
    await this.#adopt(region, bank, order, within);
    return this.#view(region, bank, within);
  }

  /**
   * Killed after the adoption: given again, it finds the bank its own and goes on. Killed between two
   * groups: those that are there are passed over. A group is one transaction, so none is there in part.
   */
  async rebuild(region: string, order: RebuildOrder, signal?: AbortSignal): Promise<Rebuild> {
    const within = this.#within(signal);
    const bank = await this.#bank(region, signal);
    const ring = await this.#keyring(bank, order.trust ?? [], within);
    const rebuild = await rebuildGroups(region, bank, ring, order, this.#deps, within, {
      keyring: (other) => this.#keyring(other, order.trust ?? [], within),
      begin: () => this.#adopt(region, bank, order, within),
      audit: (group, details) => this.#audit('bank.rebuild', group, order, details),
    });
    const view = await this.#view(region, bank, within);
    const isWhole = rebuild.every(
      ({ outcome, faults }) => outcome !== 'refused' && faults.length === 0,
    );
    return { bank: view, groups: rebuild, isWhole };
  }

  async #adopt(
    region: string,
    bank: Bank,
    { reason }: BankOrder,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, ambient } = this.#deps;
    const { owner } = await seeOwner(bank.documents, signal);
    if (owner?.installation === bank.installation) return;
    const subject = `${region}: ${bank.documents.place}`;
    // Audited before it is done: who is robbed of his bank must find by whom.
    const details = { from: owner?.installation ?? null, to: bank.installation };
    await store.transact([], [this.#audit('bank.adopt', subject, { reason }, details)]);
    const at = isoTime(ambient.clock.now());
    await adopt(bank.documents, bank.installation, { at, reason }, signal);
  }

  async #verifyGroup(
    group: string,
    points: readonly RecoveryPoint[],
    bank: Bank,
    ring: BankKeyring,
    signal: AbortSignal,
  ): Promise<VerifiedGroup> {
    const surveyed = await survey(group, bank, ring, signal);
    const { found, conflicts } = surveyed.survey;
    const faults: Fault[] = [];
    const say = (code: string, subject: string, message: string) =>
      faults.push({ code, subject, message });
    for (const { id, problem, authenticity, key } of found)
      if (problem !== null) say(problem.code, id, problem.message);
      else if (authenticity === 'unverified') say(...unverified(id, key));
    for (const { code, message } of conflicts) say(code, group, message);
    const { fault, authenticity, key: recordKey } = surveyed;
    if (fault !== null) say(fault.code, recordSubject, fault.message);
    else if (authenticity === 'unverified') say(...unverified(recordSubject, recordKey));
    const present = await presentOf(surveyed, bank, this.#deps, signal);
    for (const { code, message } of present?.faults ?? []) say(code, group, message);
    for (const { id, manifest } of points) {
      const inBank = found.find((each) => each.id === id);
      if (inBank === undefined)
        say('point.manifest-missing', id, 'the state has it, the bank has no manifest of it');
      else if (inBank.sha256 !== manifest.sha256)
        say('point.manifest-altered', id, 'it is not the manifest that the state has');
    }
    const signers = new Set(found.flatMap(({ key }) => key ?? []));
    for (const key of new Set([...signers, ...(recordKey === null ? [] : [recordKey])]))
      if (ring.keys.has(key) && !ring.published.has(key)) say(...unpublished(group, key));
    return { group, points: found.length, keys: [...signers], faults };
  }

  async #view(region: string, bank: Bank, signal: AbortSignal): Promise<BankView> {
    const { owner, fault: spoilt } = await seeOwner(bank.documents, signal);
    const groups = await collected(groupsIn(bank.documents, signal));
    const fault =
      spoilt !== null
        ? { code: spoilt.code, subject: ownerObject, message: spoilt.message }
        : owner === null && groups.length > 0
          ? { code: 'bank.ownerless', subject: ownerObject, message: `${ownerObject} is not there` }
          : null;
    const isOwn = owner?.installation === bank.installation;
    return { region, place: bank.documents.place, isOwn, owner, fault, groups };
  }

  /** The bank's own keys, this installation's, and which of them somebody vouches for. */
  async #keyring(bank: Bank, trust: readonly string[], signal: AbortSignal): Promise<BankKeyring> {
    const { store, ambient } = this.#deps;
    const { key, formerKeys } = await openInstallation(store, ambient);
    const own = [key, ...formerKeys];
    const published = await publishedKeys(bank.documents, signal);
    const all = [...published, ...own];
    return {
      published: new Set(published.map(({ fingerprint }) => fingerprint)),
      keys: new Map(all.map((each) => [each.fingerprint, each])),
      trusted: new Set([...own.map(({ fingerprint }) => fingerprint), ...trust]),
    };
  }

  #bank(region: string, signal?: AbortSignal): Promise<Bank> {
    assertRegions(this.#deps.sites, 'use bank', region);
    return this.#deps.sites.bank(region, this.#within(signal));
  }

  #audit(action: string, subject: string, { reason }: BankOrder, details: AuditRecord['details']) {
    const { ambient, site } = this.#deps;
    return auditOf(ambient, { action, subject, reason, details, site });
  }

  #within(signal?: AbortSignal): AbortSignal {
    const { stopping } = this.#deps;
    return signal === undefined ? stopping : AbortSignal.any([signal, stopping]);
  }
}

/** Only whoever has the state can check it, and the state is what may be lost. */
function unpublished(group: string, key: string): [string, string, string] {
  return [
    'bank.key-missing',
    group,
    `the public key ${key}, which signed here, is not in the bank: it is written with the group's next session`,
  ];
}

function unverified(subject: string, key: string | null): [string, string, string] {
  return [
    'bank.unverified',
    subject,
    `signed by ${key ?? 'nobody'}, for which only the bank itself vouches: if it is the one that you noted, give it with --trust`,
  ];
}

function viewOf({ id, createdAt, key, formerKeys }: Installation): InstallationView {
  const shown = [key, ...formerKeys].map(({ fingerprint, publicKey }, index) => ({
    fingerprint,
    publicKey,
    isCurrent: index === 0,
  }));
  return { id, createdAt, keys: shown };
}
