import { badRequest } from '../replies/image-refusal.ts';
import { pythonText } from '../schema/python-text.ts';

/** The pointer's parts, unescaped. Glance takes less than RFC 6901: throws a refusal of 400. */
export function parsePointer(pointer: unknown): readonly string[] {
  const text = typeof pointer === 'string' ? pointer : pythonText(pointer);
  const fault = typeof pointer === 'string' ? faultOf(text) : 'does not start with "/"';
  if (fault !== undefined) throw badRequest(`Pointer \`${text}\` ${fault}.`);
  return text
    .replace(/^\/+/, '')
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~').trim());
}

function faultOf(pointer: string): string | undefined {
  if (!pointer.startsWith('/')) return 'does not start with "/"';
  if (/\/\s*?\//.test(pointer.slice(1))) return 'contains adjacent "/"';
  if (pointer.length > 1 && pointer.endsWith('/')) return 'end with "/"';
  if (pointer.slice(1).trim() === '/') return 'does not contains valid token';
  if (/~(?![01])/.test(pointer)) return 'contains "~" not part of a recognized escape sequence';
  return undefined;
}
