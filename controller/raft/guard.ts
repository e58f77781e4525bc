import type { Ambient } from '../../kernel/ambient.ts';
import { FarshoreError, isAbort } from '../../kernel/errors.ts';
import { peerUrl } from '../config/site-address.ts';
import { compareEpochs } from './epochs.ts';
import { clusterKeys } from './keys.ts';
import type { ManagedSite } from './managed.ts';
import { hasFile } from './member/traces.ts';
import type { MemberApi } from './member-api.ts';
import type { MemberRecord } from './member-record.ts';
import { writePrivate } from './raft-dir.ts';
import { supersededBy } from './superseded.ts';

type Asked = Pick<MemberApi, 'local' | 'members' | 'status'>;

export interface GuardOptions {
  readonly managed: ManagedSite;
  readonly record: MemberRecord;
  /** The other sites' members, by site. */
  readonly others: ReadonlyMap<string, Asked>;
  readonly ambient: Ambient;
}

const everyMs = 3_000;
/** Of what is refused here, as no other error has it. */
const operation = 'run member';

/**
 * Sees to it that a member that was left behind does not run. What the others say is asked before
 * each start and every few seconds; where they cannot be reached nothing is known, and it runs: a
 * majority that cannot reach the site where quorum was forced goes on by itself. Once seen it is
 * kept in a file, so that it holds also while the others cannot be asked.
 */
export class Guard {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /**
   * Throws `raft.superseded`, `raft.split`, `raft.removed`, `raft.bundle-used`, `raft.forcing`: each
   * of them until an operator has done something about it.
   */
  async mayStart(signal: AbortSignal): Promise<void> {
    const { dir, site } = this.#options.managed;
    if (await hasFile(dir.forcing))
      throw refusal('raft.forcing', 'quorum was begun to be forced here, and that was broken off', {
        site,
        hint: 'do it again: farshore raft force-quorum',
      });
    const left = await supersededBy(dir);
    if (left !== null) throw superseded(site, left);
    const asked = this.#ask(async (api, name) => {
      if (await hasFile(dir.data)) return this.#checkMembership(api, name, signal);
      if (await this.#hasBegun(api, signal))
        throw refusal('raft.bundle-used', 'the cluster has begun without this disk', {
          site,
          hint: `a member that lost its data is a new one: at another site farshore raft remove ${site} and farshore raft add ${site}, here farshore raft join --reset with that bundle`,
        });
    });
    // At once, since those that are away are waited for; that quorum was forced says more than that
    // this member was removed by it.
    for (const result of await Promise.allSettled([this.check(signal), asked]))
      if (result.status === 'rejected') throw result.reason;
  }

  /** Until it must stop, of which it rejects, or `signal` aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options.ambient;
    try {
      for (;;) {
        await clock.sleep(everyMs, signal);
        await this.check(signal);
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  /** Asks the others for their epoch. */
  async check(signal: AbortSignal): Promise<void> {
    const { managed, record } = this.#options;
    await this.#ask(async (api, name) => {
      const { value } = await api.local(clusterKeys.epoch, signal);
      const verdict = compareEpochs(record.epoch, value);
      if (value === null || verdict === 'same') return;
      if (verdict === 'split')
        throw refusal('raft.split', `quorum was forced here and at ${name}, each alone`, {
          site: managed.site,
          hint: `choose whose state is right, and at the other site do farshore raft join --reset <bundle>, from farshore raft add at the right one; farshore raft snapshot saves what the other has`,
        });
      const { epoch, at, site } = value;
      await writePrivate(managed.dir.superseded, `${JSON.stringify({ epoch, at, site })}\n`);
      throw superseded(managed.site, value);
    });
  }

  /** Of a member that etcd ends by itself because it was removed. */
  async #checkMembership(api: Asked, name: string, signal: AbortSignal): Promise<void> {
    const { site, address } = this.#options.managed;
    // One that knows no leader may have been cut off since before this one was added.
    if ((await api.status(signal)).leaderId === null) return;
    const members = await api.members(signal);
    const own = peerUrl(address);
    if (members.some(({ name: known, peerUrls }) => known === site || peerUrls.includes(own)))
      return;
    throw refusal('raft.removed', `this site's member was removed, says ${name}`, {
      site,
      hint: `to take it in again: farshore raft add ${site} at another site, then here farshore raft join --reset <bundle>`,
    });
  }

  /**
   * Whether this site's member, of which there is no data here, has taken part already. What it has
   * published since it first ran tells: a site that begins later than the others has nothing there.
   */
  async #hasBegun(api: Asked, signal: AbortSignal): Promise<boolean> {
    const { record, managed } = this.#options;
    const isNew = record.state === 'new';
    if (isNew && (await api.local(clusterKeys.ready, signal)).value === null) return false;
    // One that knows no leader may have been cut off since before this one was taken in again.
    if ((await api.status(signal)).leaderId === null) return false;
    const own = peerUrl(managed.address);
    const member = (await api.members(signal)).find(({ peerUrls }) => peerUrls.includes(own));
    // Of the first members all are known from the beginning: one that is not was removed.
    return member === undefined ? isNew : member.clientUrls.length > 0;
  }

  /** Those that do not answer say nothing, and neither do those that answer with what is none. */
  async #ask(question: (api: Asked, name: string) => Promise<void>): Promise<void> {
    const asked = [...this.#options.others].map(async ([name, api]) => {
      try {
        await question(api, name);
      } catch (error) {
        const isOthers = error instanceof FarshoreError && error.operation !== operation;
        if (!isOthers) throw error;
      }
    });
    await Promise.all(asked);
  }
}

function superseded(
  site: string,
  by: { readonly epoch: number; readonly at: string; readonly site: string },
): FarshoreError {
  return refusal(
    'raft.superseded',
    `quorum was forced at ${by.site} at ${by.at} (epoch ${by.epoch}): what this member holds counts no more`,
    {
      site,
      hint: `take it in anew: farshore raft add ${site} at ${by.site}, then here farshore raft join --reset <bundle>, which keeps the old files aside`,
    },
  );
}

function refusal(
  code: string,
  message: string,
  { site, hint }: { readonly site: string; readonly hint: string },
): FarshoreError {
  return new FarshoreError(message, {
    code,
    kind: 'fatal',
    operation,
    subject: site,
    hint,
  });
}
