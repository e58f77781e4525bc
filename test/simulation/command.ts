/** What shows a seed's history from its beginning to the violation. */
export function commandOf(seed: number): string {
  return `npm run test:simulation -- --first-seed ${seed} --seeds 1 --trace`;
}
