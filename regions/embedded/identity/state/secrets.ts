import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Random } from '../../../../kernel/random.ts';

const derive = promisify<string, string, number, { N: number }, Buffer>(scrypt);
const keyBytes = 32;
/** A few milliseconds: no secret of a demo or test is worth more, and logins are many. */
const cost = { N: 4_096 };

/** 32 hexadecimal characters, as Keystone's ids are. */
export function newId(random: Random): string {
  return random.id() + random.id();
}

/** Of 64 bytes, URL-safe. */
export function newSecret(random: Random): string {
  const hex = Array.from({ length: 8 }, () => random.id()).join('');
  return Buffer.from(hex, 'hex').toString('base64url');
}

export async function hashSecret(secret: string, random: Random): Promise<string> {
  const salt = newId(random);
  return `${salt}:${(await derive(secret, salt, keyBytes, cost)).toString('hex')}`;
}

export async function isSecret(secret: string, hash: string): Promise<boolean> {
  const [salt = '', key = ''] = hash.split(':');
  return timingSafeEqual(await derive(secret, salt, keyBytes, cost), Buffer.from(key, 'hex'));
}
