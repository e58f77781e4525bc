import { readFile } from 'node:fs/promises';

import type { Command } from 'commander';

import { FarshoreError } from '../../../kernel/errors.ts';
import { parseDocuments, type ModelDocument } from '../../model/documents.ts';
import { clientOf, globalsOf } from '../context.ts';
import { printData } from '../output.ts';

const collections = { policy: '/policies', group: '/groups' } as const;

/**
 * Applies every document of the files, policies before the groups that use them. All are checked before
 * the first is sent, so a wrong file changes nothing.
 */
async function applyFiles(files: readonly string[], command: Command): Promise<void> {
  const documents = (await Promise.all(files.map(readDocuments))).flat();
  refuseTwice(documents);
  const ordered = documents.toSorted((a, b) => rank(a.kind) - rank(b.kind));
  const client = clientOf(command);
  const applied: unknown[] = [];
  for (const document of ordered) {
    const what = `${document.kind} ${document.name}`;
    try {
      applied.push(await client.put(`${collections[document.kind]}/${document.name}`, document));
    } catch (error) {
      process.stderr.write(`${what} was not applied, nor what comes after it\n`);
      throw error;
    }
    if (globalsOf(command).output === 'table') process.stdout.write(`${what} applied\n`);
  }
  printData(globalsOf(command).output, applied);
}

export function addApply(parent: Command, what: string): void {
  parent
    .command('apply')
    .description(`make the ${what} as the files say; every document of each is applied`)
    .requiredOption('-f, --file <file...>', 'YAML files, or - for standard input')
    .action(async (options: { file: readonly string[] }, command: Command) =>
      applyFiles(options.file, command),
    );
}

type Documents = readonly ModelDocument[];

async function readDocuments(file: string): Promise<Documents> {
  return parseDocuments(await readText(file), file);
}

/** Which of them is meant only who wrote them knows. */
function refuseTwice(documents: Documents): void {
  const seen = new Set<string>();
  for (const { kind, name } of documents) {
    const document = `${kind} ${name}`;
    if (seen.has(document))
      throw new FarshoreError('it is there more than once; nothing was applied', {
        code: 'document.ambiguous',
        kind: 'permanent',
        operation: 'apply',
        subject: document,
        hint: 'leave one of them in the files',
      });
    seen.add(document);
  }
}

function rank(kind: keyof typeof collections): number {
  return kind === 'policy' ? 0 : 1;
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file === '-' ? '/dev/stdin' : file, 'utf8');
  } catch (error) {
    throw new FarshoreError(error instanceof Error ? error.message : String(error), {
      code: 'document.unreadable',
      kind: 'permanent',
      operation: 'read file',
      subject: file,
      hint: 'name a YAML file of policies and groups with -f',
      cause: error,
    });
  }
}
