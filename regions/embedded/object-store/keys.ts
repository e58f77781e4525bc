import type { RowKind, Ticks } from './records.ts';

/** No account and no container has a slash in its name, so a name below them may hold any. */
export function containerKey(account: string, container: string): string {
  return `${account}/${container}`;
}

export function objectKey(account: string, container: string, object: string): string {
  return `${account}/${container}/${object}`;
}

const lastTicks = 999_999_999_999_999;

/**
 * A version is kept like an object, under this name: they sort by the object's name, the newest
 * first. No client's name holds a NUL.
 */
export function versionName(object: string, id: Ticks): string {
  return `${object}\0${String(lastTicks - id).padStart(15, '0')}`;
}

export function splitVersionName(name: string): readonly [object: string, id: Ticks] {
  const at = name.lastIndexOf('\0');
  return [name.slice(0, at), lastTicks - Number(name.slice(at + 1))];
}

export function kindOf(name: string): RowKind {
  return name.includes('\0') ? 'version' : 'object';
}

/** Ordered by time. */
export function expiryKey(atSeconds: number, object: string): string {
  return `${String(atSeconds).padStart(12, '0')}/${object}`;
}
