import type { Environment, Suite } from '../../contract/environment.ts';
import { labEnvironmentOf } from '../environment.ts';
import { Lab } from '../lab.ts';
import { testLabName } from '../topology.ts';

/** What the RGW is in a suite: where copies go (the suite's west), or where they come from (its east). */
export type Role = 'primary' | 'secondary';

const buildTimeoutMs = 1_800_000;

/** A lab of its own whose west has Ceph's RGW. It outlives the run, as the other. */
export async function rgwLab(): Promise<Lab> {
  return Lab.up({ name: testLabName('rgw'), rgw: 'west', say: console.log });
}

/** The suites know the primary as east: with the RGW there, that is the region west. */
export async function rgwEnvironment(role: Role): Promise<Environment> {
  const lab = await rgwLab();
  return role === 'primary'
    ? labEnvironmentOf(lab, { east: 'west', west: 'east' })
    : labEnvironmentOf(lab);
}

/** Declares the suite's tests on the real services, with the RGW in that role. */
export function onRgw(role: Role, suite: Suite): void {
  describe(`with Ceph's RGW as ${role}`, () => {
    let environment: Environment;
    before(async function () {
      // The first time its image is built.
      this.timeout(buildTimeoutMs);
      environment = await rgwEnvironment(role);
    });
    after(() => environment.close());
    suite(() => environment);
  });
}
