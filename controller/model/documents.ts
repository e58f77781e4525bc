import { check } from '../input/check.ts';
import { type Fault, InvalidInput } from '../input/fault.ts';
import { nearest } from '../../kernel/nearest.ts';
import { readYaml, type YamlDocument } from '../input/yaml-file.ts';
import { fromGroup, type GroupDocument, groupSchema, toGroup } from './group-document.ts';
import { fromPolicy, type PolicyDocument, policySchema, toPolicy } from './policy-document.ts';
import type { GroupSpec, ProtectionPolicy } from './types.ts';

export type ModelDocument =
  (PolicyDocument & { readonly kind: 'policy' }) | (GroupDocument & { readonly kind: 'group' });

const schemas = { policy: policySchema, group: groupSchema } as const;

/**
 * All documents of a YAML text, checked and with their defaults, ready for the API. Throws
 * `document.invalid` with the faults of all of them, each with its line in `source`.
 */
export function parseDocuments(text: string, source: string): readonly ModelDocument[] {
  const read = readYaml(text);
  const faults: Fault[] = read.ok ? [] : [...read.faults];
  const documents: ModelDocument[] = [];
  for (const document of read.ok ? read.documents : []) {
    const parsed = parseOne(document);
    if ('faults' in parsed) faults.push(...parsed.faults);
    else documents.push(parsed);
  }
  if (faults.length === 0 && documents.length === 0)
    faults.push({ path: '', message: 'holds no document, expected kind: policy or kind: group' });
  if (faults.length > 0) throw invalid('document', source, faults);
  return documents;
}

/** What the API was sent. Throws `policy.invalid` with every fault. */
export function parsePolicy(json: unknown): ProtectionPolicy {
  const result = check(policySchema, json);
  if (!result.ok) throw invalid('policy', subjectOf(json), result.faults);
  return toPolicy(result.value);
}

/** What the API was sent. Throws `group.invalid` with every fault. */
export function parseGroup(json: unknown): GroupSpec {
  const result = check(groupSchema, json);
  if (!result.ok) throw invalid('group', subjectOf(json), result.faults);
  return toGroup(result.value);
}

/** The form that people write; parsing it gives the same again. */
export function toDocument(value: ProtectionPolicy): PolicyDocument;
export function toDocument(value: GroupSpec): GroupDocument;
export function toDocument(value: ProtectionPolicy | GroupSpec): PolicyDocument | GroupDocument {
  return 'members' in value ? fromGroup(value) : fromPolicy(value);
}

function parseOne(document: YamlDocument): ModelDocument | { readonly faults: readonly Fault[] } {
  const kind = kindOf(document.value);
  if (kind !== 'policy' && kind !== 'group') {
    const near = nearest(String(kind), Object.keys(schemas));
    const hint = near === null ? '' : `; did you mean ${near}?`;
    const message = `expected policy or group${kind === undefined ? '' : `, found ${JSON.stringify(kind)}${hint}`}`;
    return { faults: [document.withLine({ at: ['kind'], path: 'kind', message })] };
  }
  const result =
    kind === 'policy' ? check(policySchema, document.value) : check(groupSchema, document.value);
  if (!result.ok) return { faults: result.faults.map((fault) => document.withLine(fault)) };
  // The kind chose the schema.
  return { ...result.value, kind } as ModelDocument;
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
}

function subjectOf(json: unknown): string {
  return typeof json === 'object' &&
    json !== null &&
    'name' in json &&
    typeof json.name === 'string'
    ? json.name
    : '';
}

function invalid(
  kind: 'document' | 'policy' | 'group',
  subject: string,
  faults: readonly Fault[],
): InvalidInput {
  return new InvalidInput(faults, {
    code: `${kind}.invalid`,
    operation: `read ${kind}`,
    subject,
    hint: 'nothing was applied; correct it and apply it again',
  });
}
