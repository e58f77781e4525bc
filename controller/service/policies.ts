import { isDeepStrictEqual } from 'node:util';
import { InvalidInput } from '../input/fault.ts';
import { nearest } from '../../kernel/nearest.ts';
import type { ProtectionPolicy, Stored } from '../model/types.ts';
import type { Precondition } from '../service.ts';
import { assertRegions, type Sites } from '../sites.ts';
import { keys } from '../state/keys.ts';
import { notFound, refused } from '../state/refusals.ts';
import { atomically } from '../store/atomically.ts';
import { type Compare, put, remove, type Store, unchanged } from '../store/store.ts';
import { checkPrecondition } from './precondition.ts';

/** Policies in the store. One that is in use keeps its target: its points lie there. */
export class Policies {
  readonly #store: Store;
  readonly #sites: Sites;

  constructor(store: Store, sites: Sites) {
    this.#store = store;
    this.#sites = sites;
  }

  /** One that is there just so stays as it is, with its revision. */
  async apply(
    policy: ProtectionPolicy,
    precondition: Precondition,
  ): Promise<Stored<ProtectionPolicy>> {
    this.#checkRegion(policy);
    const key = keys.policy(policy.name);
    const { result, revision } = await atomically(this.#store, async () => {
      const entry = await this.#store.get(key);
      checkPrecondition('policy', policy.name, entry, precondition);
      if (entry !== null && isDeepStrictEqual(entry.value, policy))
        return { compares: [], operations: [], result: entry.modRevision };
      const unused =
        entry === null || entry.value.targetRegion === policy.targetRegion
          ? []
          : [
              await this.#unused(
                policy.name,
                `its target cannot change from ${entry.value.targetRegion}`,
              ),
            ];
      const compares = [unchanged(key, entry), ...unused];
      return { compares, operations: [put(key, policy)], result: null };
    });
    return { value: policy, revision: result ?? revision };
  }

  /** A group that is applied at the same time compares the policy, as this does the policy's use: one of the two is refused. */
  async delete(name: string, precondition: Precondition): Promise<void> {
    const key = keys.policy(name);
    await atomically(this.#store, async () => {
      const entry = await this.#store.get(key);
      if (entry === null) throw notFound('policy', name);
      checkPrecondition('policy', name, entry, precondition);
      const unused = await this.#unused(name, 'it cannot be deleted');
      return {
        compares: [unchanged(key, entry), unused],
        operations: [remove(key), remove(keys.policyUse(name))],
        result: null,
      };
    });
  }

  #checkRegion(policy: ProtectionPolicy): void {
    assertRegions(this.#sites, 'apply policy', policy.name);
    const { names } = this.#sites;
    if (names.includes(policy.targetRegion)) return;
    const near = nearest(policy.targetRegion, names);
    const hint = near === null ? `known are ${names.join(', ')}` : `did you mean ${near}?`;
    throw new InvalidInput([{ path: 'target', message: `unknown region; ${hint}` }], {
      code: 'policy.invalid',
      operation: 'apply policy',
      subject: policy.name,
      hint: 'name a region of the configuration',
    });
  }

  /** Throws while a group uses it; gives what is changed by one that begins to. */
  async #unused(name: string, what: string): Promise<Compare> {
    const use = await this.#store.get(keys.policyUse(name));
    const groups = await this.#store.range(keys.group());
    const users = groups.filter(({ value }) => value.spec.policy === name);
    if (users.length === 0) return unchanged(keys.policyUse(name), use);
    const list = users.map(({ value }) => value.spec.name).join(', ');
    throw refused(
      'policy.in-use',
      'change policy',
      name,
      `${what} while groups use it: ${list}`,
      'apply a policy of another name, or delete those groups',
    );
  }
}
