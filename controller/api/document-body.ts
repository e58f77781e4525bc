import { FarshoreError } from '../../kernel/errors.ts';
import { parseGroup, parsePolicy } from '../model/documents.ts';
import type { GroupSpec, ProtectionPolicy } from '../model/types.ts';

/** A document that was sent to the path of its name. */
export function policyBody(name: string, json: unknown): ProtectionPolicy {
  return named('policy', name, parsePolicy(json));
}

export function groupBody(name: string, json: unknown): GroupSpec {
  return named('group', name, parseGroup(json));
}

function named<T extends { readonly name: string }>(kind: string, name: string, document: T): T {
  if (document.name === name) return document;
  throw new FarshoreError(`the document is of ${document.name}`, {
    code: `${kind}.invalid`,
    kind: 'permanent',
    operation: `apply ${kind}`,
    subject: name,
    hint: 'send it to the path of its own name; a name cannot be changed',
  });
}
