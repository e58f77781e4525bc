import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Scope } from '../state/records.ts';

/** All that a token says; the rest is looked up when it is used. */
export interface Claims {
  readonly userId: string;
  readonly methods: readonly string[];
  /** Null: unscoped. */
  readonly scope: Scope | null;
  readonly issuedMs: number;
  readonly expiresMs: number;
  /** Its own, then the one of the token it was made of. */
  readonly auditIds: readonly string[];
  readonly credentialId: string | null;
  /** Of all tokens, and of the user's password. */
  readonly era: number;
  readonly userEra: number;
}

/** As Fernet's tokens begin: whoever hides those from logs hides ours. */
const prefix = 'gAAAAA';
const macBytes = 32;

/** A token is the prefix, then a MAC and the claims in base64url. */
export function sign(claims: Claims, key: string): string {
  const text = Buffer.from(JSON.stringify(claims));
  return prefix + Buffer.concat([mac(text, key), text]).toString('base64url');
}

/** Undefined for whatever was not signed with this key. */
export function verify(token: string, key: string): Claims | undefined {
  if (!token.startsWith(prefix)) return undefined;
  const bytes = Buffer.from(token.slice(prefix.length), 'base64url');
  const text = bytes.subarray(macBytes);
  if (bytes.length < macBytes) return undefined;
  if (!timingSafeEqual(bytes.subarray(0, macBytes), mac(text, key))) return undefined;
  return JSON.parse(text.toString()) as Claims;
}

function mac(text: Buffer, key: string): Buffer {
  return createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest();
}
