import type { Requester } from '../authority.ts';
import { isAdmin } from '../authority.ts';
import { forbidden } from '../refusals.ts';
import type { Domain, Project, Role, User } from '../state/records.ts';
import type { Claims } from './signer.ts';

/** A token that holds, with all it stands for. */
export interface Session extends Requester {
  readonly claims: Claims;
  readonly user: User;
  readonly scopedProject: Project | undefined;
  readonly scopedDomain: Domain | undefined;
  /** Those of the scope, implied ones included. */
  readonly scopedRoles: readonly Role[];
}

/** Throws a Refusal of 403 for who is not an admin, nor `isOwn`. */
export function demand(action: string, session: Session, isOwn = false): void {
  if (!isOwn && !isAdmin(session)) throw forbidden(action);
}
