/** The value without some of its fields. */
export function omit<T extends object, K extends keyof T>(
  value: T,
  ...names: readonly K[]
): Omit<T, K> {
  const isLeftOut = (name: string) => (names as readonly PropertyKey[]).includes(name);
  const kept = Object.entries(value).filter(([name]) => !isLeftOut(name));
  return Object.fromEntries(kept) as Omit<T, K>;
}
