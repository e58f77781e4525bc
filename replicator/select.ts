import type { Selector } from './kind.ts';
import { hasMetadata, matchesPattern } from './name-pattern.ts';

/** What a drill, a restore or a staging made bears such a mark. */
export function isOurs(name: string, metadata: Readonly<Record<string, string>>): boolean {
  return (
    /^farshore[-_]/.test(name) || Object.keys(metadata).some((key) => key.startsWith('farshore_'))
  );
}

export function isChosen(
  { namePattern = '*', metadata = {} }: Selector,
  name: string,
  found: Readonly<Record<string, string>>,
): boolean {
  return !isOurs(name, found) && matchesPattern(namePattern, name) && hasMetadata(metadata, found);
}

/** Only what looks like one is asked for as an id: Glance refuses other texts. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text);
}
