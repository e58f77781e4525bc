import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A certificate with its private key, both in PEM. The key is a secret. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** What one site holds: the authority itself, as any site may be the one that is left. */
export interface SitePki {
  readonly authority: Identity;
  /** Of the member, towards its peers and towards clients. */
  readonly member: Identity;
  /** Of the controller, towards every member. */
  readonly client: Identity;
}

const authorityYears = 20;
const leafYears = 5;
const dayMs = 86_400_000;
const authorityBits = 3072;
const leafBits = 2048;

const generate = promisify(generateKeyPair);

/** A new authority, in which nobody but the members and controllers of one cluster trusts. */
export async function createAuthority(nowMs: number): Promise<Identity> {
  const { publicKey, privateKey } = await generateKeys(authorityBits);
  const subject = [{ name: 'commonName', value: 'Farshore cluster authority' }];
  const cert = certificate(publicKey, subject, nowMs, authorityYears);
  cert.setIssuer(subject);
  cert.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return sign(cert, privateKey, privateKey);
}

/** Certificates of one site under the authority. `host` is how the others reach its member. */
export async function issueSite(
  authority: Identity,
  { site, host, nowMs }: { readonly site: string; readonly host: string; readonly nowMs: number },
): Promise<SitePki> {
  const names = [...new Set([host, '127.0.0.1', '::1', 'localhost'])];
  const member = await issue(authority, nowMs, `member ${site}`, [
    // A member is a client too: of its peers, and of itself.
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    {
      name: 'subjectAltName',
      altNames: names.map((name) =>
        isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name },
      ),
    },
  ]);
  // No names: etcd refuses a client's certificate that names other hosts than it calls from.
  const client = await issue(authority, nowMs, `controller ${site}`, [
    { name: 'extKeyUsage', clientAuth: true },
  ]);
  return { authority, member, client };
}

async function issue(
  authority: Identity,
  nowMs: number,
  commonName: string,
  extensions: readonly object[],
): Promise<Identity> {
  const { publicKey, privateKey } = await generateKeys(leafBits);
  const issuer = forge.pki.certificateFromPem(authority.cert);
  const cert = certificate(
    publicKey,
    [{ name: 'commonName', value: commonName }],
    nowMs,
    leafYears,
  );
  cert.setIssuer(issuer.subject.attributes);
  cert.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    ...extensions,
    { name: 'subjectKeyIdentifier' },
    {
      name: 'authorityKeyIdentifier',
      keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes(),
    },
  ]);
  return sign(cert, authority.key, privateKey);
}

/** Valid from the day before: clocks of sites differ. */
function certificate(
  publicKey: string,
  subject: { name: string; value: string }[],
  nowMs: number,
  years: number,
): forge.pki.Certificate {
  const cert = forge.pki.createCertificate();
  cert.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // Positive, and without a leading zero byte: DER wants the shortest form.
  cert.serialNumber = `4${randomBytes(16).toString('hex').slice(1)}`;
  cert.validity.notBefore = new Date(nowMs - dayMs);
  cert.validity.notAfter = new Date(nowMs + years * 365 * dayMs);
  cert.setSubject(subject);
  return cert;
}

function sign(cert: forge.pki.Certificate, signingKey: string, ownKey: string): Identity {
  cert.sign(forge.pki.privateKeyFromPem(signingKey), forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(cert).replaceAll('\r\n', '\n'), key: ownKey };
}

/** By node:crypto: RSA in JavaScript would take seconds. */
function generateKeys(
  modulusLength: number,
): Promise<{ readonly publicKey: string; readonly privateKey: string }> {
  return generate('rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}
