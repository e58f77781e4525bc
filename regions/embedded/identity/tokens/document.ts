import type { Catalogue } from '../catalogue.ts';
import type { Directory } from '../state/directory.ts';
import type { Session } from './session.ts';

/** The body that describes a token. */
export async function tokenDocument(
  session: Session,
  directory: Directory,
  catalogue: { readonly of: Catalogue['of']; readonly origin: string } | undefined,
): Promise<object> {
  const { claims, user, scopedProject, scopedDomain, scopedRoles } = session;
  const domainOf = async (id: string) => ({
    id,
    name: (await directory.domains.get(id))?.name ?? id,
  });
  const scope =
    scopedProject === undefined
      ? scopedDomain && { domain: { id: scopedDomain.id, name: scopedDomain.name } }
      : {
          project: {
            domain: await domainOf(scopedProject.domain_id),
            id: scopedProject.id,
            name: scopedProject.name,
          },
          is_domain: false,
        };
  return {
    token: {
      methods: claims.methods,
      user: {
        domain: await domainOf(user.domain_id),
        id: user.id,
        name: user.name,
        password_expires_at: null,
      },
      audit_ids: claims.auditIds,
      expires_at: microTime(claims.expiresMs),
      issued_at: microTime(claims.issuedMs),
      ...scope,
      ...(scope && { roles: scopedRoles.map(({ id, name }) => ({ id, name })) }),
      ...(scope && catalogue && { catalog: catalogue.of(scopedProject?.id, catalogue.origin) }),
      ...(claims.credentialId === null
        ? {}
        : { application_credential: { id: claims.credentialId } }),
    },
  };
}

/** Keystone writes six digits after the point. */
function microTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}
