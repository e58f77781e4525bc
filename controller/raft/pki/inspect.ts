import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Identity, SitePki } from './authority.ts';

/** Milliseconds since the epoch at which the certificate ends. */
export function endOf(cert: string): number {
  return Date.parse(new X509Certificate(cert).validTo);
}

/** What is wrong with the certificates of a site whose member the others call at `host`; null: nothing. */
export function faultOf({ authority, member, client }: SitePki, host: string): string | null {
  try {
    const issuer = new X509Certificate(authority.cert);
    const server = new X509Certificate(member.cert);
    if (!isKeyOf(authority)) return "the authority's key is not that of its certificate";
    if (!issuer.ca || !issuer.verify(issuer.publicKey)) return 'the authority is none';
    for (const [name, identity] of Object.entries({ member, client })) {
      const cert = new X509Certificate(identity.cert);
      if (!cert.verify(issuer.publicKey)) return `the ${name}'s certificate is not the authority's`;
      if (!isKeyOf(identity)) return `the ${name}'s key is not that of its certificate`;
    }
    const named = isIP(host) === 0 ? server.checkHost(host) : server.checkIP(host);
    return named === undefined ? `the member's certificate does not name ${host}` : null;
  } catch {
    return 'a certificate or key cannot be read';
  }
}

function isKeyOf({ cert, key }: Identity): boolean {
  return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
}
