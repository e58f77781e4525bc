import { stringify } from 'yaml';

import { clouds } from '../clouds.ts';
import { Lab } from '../lab.ts';
import { type SiteName, siteNames } from '../topology.ts';
import { projectBinds, SiteController } from './site-controller.ts';
import { startWitness } from './witness.ts';

interface ClusterView {
  readonly self: { readonly site: string } | null;
  readonly leader: { readonly site: string } | null;
  readonly controllers: readonly { readonly site: string }[];
}

/** A lab with a witness, and a controller with its managed member in each of the three. */
export class Sites {
  readonly lab: Lab;
  readonly #controllers: Readonly<Record<SiteName, SiteController>>;

  private constructor(lab: Lab, controllers: Readonly<Record<SiteName, SiteController>>) {
    this.lab = lab;
    this.#controllers = controllers;
  }

  /** Fresh, whatever an earlier run left; the members are made, and no controller runs. */
  static async open(name: string, say: (text: string) => void): Promise<Sites> {
    await Lab.down(name);
    const binds = await projectBinds();
    const lab = await Lab.up({ name, topology: 'separate', binds, say });
    const { container: witness, address } = await startWitness(name, binds);
    const addresses = {
      east: lab.region('east').address,
      west: lab.region('west').address,
      witness: address,
    };
    const controllers = {
      east: new SiteController('east', lab.region('east').container),
      west: new SiteController('west', lab.region('west').container),
      witness: new SiteController('witness', witness),
    };
    for (const site of siteNames) {
      const raft = { site, sites: addresses, roundTripMs: 10 };
      if (site === 'witness') await controllers.witness.configure({ raft });
      else
        await controllers[site].configure(
          {
            raft: { ...raft, region: site },
            regions: { east: { cloud: 'east' }, west: { cloud: 'west' } },
          },
          { 'clouds.yaml': stringify(clouds(lab)) },
        );
    }
    const sites = new Sites(lab, controllers);
    await sites.#makeMembers();
    return sites;
  }

  controller(site: SiteName): SiteController {
    return this.#controllers[site];
  }

  /** What the controller in this site sees of all; null while it does not answer. */
  view(asSeenIn: SiteName): Promise<ClusterView | null> {
    return this.controller(asSeenIn).get<ClusterView>('/cluster');
  }

  async #makeMembers(): Promise<void> {
    const east = this.controller('east');
    const made = await east.cli('raft', 'init', '--out', '.');
    if (made.exitCode !== 0) throw new Error(`farshore raft init: ${made.stderr}${made.stdout}`);
    for (const site of ['west', 'witness'] as const) {
      const bundle = `farshore-${site}.bundle.json`;
      const other = this.controller(site);
      await other.write(bundle, await east.read(bundle));
      const joined = await other.cli('raft', 'join', bundle);
      if (joined.exitCode !== 0)
        throw new Error(`farshore raft join in ${site}: ${joined.stderr}${joined.stdout}`);
    }
  }
}
