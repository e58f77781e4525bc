import { machine } from '../engine/network.ts';
import type { SeededRandom } from '../engine/random.ts';

type Cut = readonly [from: string, to: string];

const sites = ['east', 'west', 'witness'] as const;

/** One way in which a network breaks: links that carry nothing any more, in one direction or both. */
export function cutsOf(random: SeededRandom): readonly Cut[] {
  const [a, b] = random.shuffled(sites) as [string, string];
  const region = random.pick(['east', 'west']);
  const cuts = random.pick<readonly Cut[]>([
    // A site alone.
    sites.filter((site) => site !== a).map((site): Cut => [a, site]),
    [[a, b]],
    // The controllers of a site from one region, be it their own.
    [[machine('controller', a), machine('region', region)]],
    // A controller from the store's members, all or its nearest.
    sites.map((site): Cut => [machine('controller', a), machine('store', site)]),
    [[machine('controller', a), machine('store', a)]],
    // Members of the store from each other.
    sites
      .filter((site) => site !== a)
      .map((site): Cut => [machine('store', a), machine('store', site)]),
  ]);
  const back = cuts.map(([from, to]): Cut => [to, from]);
  // Mostly both ways; else what is sent arrives and what is answered does not, or the other way round.
  return random.chance(0.7) ? [...cuts, ...back] : random.chance(0.5) ? cuts : back;
}
