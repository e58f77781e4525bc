import { readFile } from 'node:fs/promises';

import type { Command } from 'commander';

import { FarshoreError } from '../../../kernel/errors.ts';
import { parseDocuments } from '../../model/documents.ts';
import { clientOf, globalsOf } from '../context.ts';
import { printData } from '../output.ts';

const collections = { policy: '/policies', group: '/groups' } as const;

/**
 * Applies every document of a file, policies before the groups that use them. All are checked before
 * the first is sent, so a wrong file changes nothing.
 */
export async function applyFile(file: string, command: Command): Promise<void> {
  const documents = parseDocuments(await readText(file), file);
  const ordered = [...documents].sort((a, b) => rank(a.kind) - rank(b.kind));
  const client = clientOf(command);
  const applied: unknown[] = [];
  for (const document of ordered) {
    applied.push(await client.put(`${collections[document.kind]}/${document.name}`, document));
    if (globalsOf(command).output === 'table') {
      process.stdout.write(`${document.kind} ${document.name} applied\n`);
    }
  }
  printData(globalsOf(command).output, applied);
}

export function addApply(parent: Command, what: string): void {
  parent
    .command('apply')
    .description(`make the ${what} as the file says; every document of the file is applied`)
    .requiredOption('-f, --file <file>', 'YAML file, or - for standard input')
    .action(async (options: { file: string }, command: Command) =>
      applyFile(options.file, command),
    );
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
