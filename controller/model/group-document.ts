import { z } from 'zod';
import { kindOf, kinds } from '../../replicator/kinds.ts';
import { patternFault } from '../../replicator/name-pattern.ts';
import { objectName } from './fields.ts';
import type { GroupSpec, Member } from './types.ts';

const text = z.string().min(1, 'expected a name or an id').max(255);
const selector = z
  .strictObject({
    name: text
      .refine((pattern) => patternFault(pattern) === undefined, {
        error: ({ input }) => patternFault(String(input)) ?? '',
      })
      .optional()
      .describe('With * and ? as in a shell.'),
    metadata: z.record(z.string(), z.string()).optional(),
  })
  .refine(
    ({ name, metadata }) => name !== undefined || Object.keys(metadata ?? {}).length > 0,
    'expected name, metadata or both',
  );

const one = text.optional();
const all = selector.optional();
/** Each kind by its name for one resource, and by its plural for all that match. */
const singular: Readonly<Record<string, typeof one>> = Object.fromEntries(
  kinds.map(({ name }) => [name, one.describe(`One ${name} by name or id.`)]),
);
const plural: Readonly<Record<string, typeof all>> = Object.fromEntries(
  kinds.map((kind) => [
    kind.plural,
    all.describe(`All ${kind.plural} that match at the start of a session.`),
  ]),
);

const member = z
  .strictObject({ ...singular, ...plural })
  .refine(
    (fields) => Object.values(fields).filter((value) => value !== undefined).length === 1,
    `expected exactly one of ${Object.keys({ ...singular, ...plural }).join(', ')}`,
  );

/** Those of all kinds, in the target. */
const mappings = Object.fromEntries(
  kinds.flatMap((kind) =>
    Object.entries(kind.mappings).map(([name, description]) => [
      name,
      z.record(text, text).default({}).describe(description),
    ]),
  ),
);

/** A group as people write it, in a file and over HTTP. */
export const groupSchema = z
  .strictObject({
    kind: z.literal('group').optional(),
    name: objectName,
    policy: objectName,
    source: z.strictObject({ region: objectName, project: text.describe('Name or id.') }),
    target: z
      .strictObject({
        project: text.optional().describe("The source's name unless given."),
        // Each a text by texts; the compiler need not know their names.
        ...(mappings as object),
        availabilityZone: text.optional(),
      })
      .prefault({}),
    members: z.array(member).min(1, 'expected at least one member').max(1000),
    paused: z.boolean().default(false),
  })
  .meta({ id: 'Group' });

export type GroupDocument = z.output<typeof groupSchema>;

export function toGroup(document: GroupDocument): GroupSpec {
  const { project, availabilityZone, ...mapped } = document.target;
  return {
    name: document.name,
    policy: document.policy,
    source: document.source,
    target: {
      project: project ?? document.source.project,
      // The schema leaves nothing else.
      mappings: mapped,
      ...(availabilityZone === undefined ? {} : { availabilityZone }),
    },
    members: document.members.map(toMember),
    paused: document.paused,
  };
}

export function fromGroup(spec: GroupSpec): GroupDocument {
  const { name, policy, source, members, paused } = spec;
  const { mappings: mapped, ...rest } = spec.target;
  const target = { ...rest, ...mapped };
  return { kind: 'group', name, policy, source, target, members: members.map(fromMember), paused };
}

function toMember(fields: GroupDocument['members'][number]): Member {
  for (const { name: kind, plural } of kinds) {
    const nameOrId = fields[kind];
    if (typeof nameOrId === 'string') return { kind, nameOrId };
    const chosen = fields[plural];
    if (typeof chosen !== 'object') continue;
    const { name, metadata } = chosen;
    return {
      kind,
      ...(name === undefined ? {} : { namePattern: name }),
      ...(metadata === undefined ? {} : { metadata }),
    };
  }
  throw new Error('a member that the schema accepted names nothing');
}

function fromMember(member: Member): GroupDocument['members'][number] {
  if ('nameOrId' in member) return { [member.kind]: member.nameOrId };
  const { kind, namePattern, metadata } = member;
  return {
    [kindOf(kind).plural]: {
      ...(namePattern === undefined ? {} : { name: namePattern }),
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
}
