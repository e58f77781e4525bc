import { FarshoreError } from '../../kernel/errors.ts';
import { put, type Key, type Store, unchanged } from './store.ts';

/** What this program reads and writes. 1 is said of a state without a number: of before there were any. */
export const stateFormat = 3;

/** Written once, before anything else; whoever changes what keys mean raises the number. */
export interface StateFormat {
  readonly format: number;
  /** Of the program that wrote it. */
  readonly version: string;
  readonly at: string;
}

export const formatKey: Key<StateFormat> = Object.freeze({ path: 'format' });

/** One of these is there once an operator has used the state. */
const used = ['policies/', 'groups/', 'sessions/', 'points/', 'executions/'] as const;

/** The number of the state's format; null of one in which there is nothing yet. */
export async function formatOf(store: Store): Promise<number | null> {
  const isUsed = await hasContent(store);
  const found = await store.get(formatKey);
  return found?.value.format ?? (isUsed ? 1 : null);
}

async function hasContent(store: Store): Promise<boolean> {
  for (const path of used)
    if ((await store.page({ path }, { limit: 1 })).entries.length > 0) return true;
  return false;
}

export interface Program {
  readonly version: string;
  /** Where the state lies, as the operator knows it. */
  readonly home: string;
}

/**
 * Lets this program use the state, or throws `state.newer` or `state.older`: what is not understood is
 * neither read nor written. A state in which there is nothing gets its number. Two programs at once: one
 * of them writes it, the other finds it.
 */
export async function openFormat(store: Store, program: Program, at: string): Promise<void> {
  for (;;) {
    const found = await store.get(formatKey);
    if (found !== null) {
      checkFormat(found.value, program);
      return;
    }
    // Another may have begun since: what it wrote comes after its number.
    const format = await formatOf(store);
    if (format === 1) throw unnumbered(program);
    if (format !== null) continue;
    const first = { format: stateFormat, version: program.version, at };
    await store.transact([unchanged(formatKey, null)], [put(formatKey, first)]);
  }
}

export function checkFormat(found: StateFormat, program: Program): void {
  if (found.format > stateFormat) throw newer(found, program);
  if (found.format < stateFormat) throw older(found, program);
}

function newer({ format, version }: StateFormat, { home, version: own }: Program): FarshoreError {
  return new FarshoreError(
    `the state is of format ${format}, written by farshore ${version}; this is farshore ${own}, which knows formats up to ${stateFormat}`,
    {
      code: 'state.newer',
      kind: 'fatal',
      operation: 'open state',
      subject: home,
      hint: 'upgrade farshore here and start it again; this version has changed nothing',
    },
  );
}

function older({ format, version }: StateFormat, { home, version: own }: Program): FarshoreError {
  return new FarshoreError(
    `the state is of format ${format}, written by farshore ${version}; this is farshore ${own}, which uses format ${stateFormat}`,
    { ...olderRefusal, subject: home },
  );
}

function unnumbered({ home, version: own }: Program): FarshoreError {
  return new FarshoreError(
    `the state has no format number: it was written before farshore numbered its formats; this is farshore ${own}, which uses format ${stateFormat}`,
    { ...olderRefusal, subject: home },
  );
}

const olderRefusal = {
  code: 'state.older',
  kind: 'fatal',
  operation: 'open state',
  hint: 'nothing was changed, and the version that wrote it goes on reading it. To begin anew: keep this state and its bank as they are, name an empty dataDir (or an empty etcd) and another bank container (regions.<name>.bank.container) in the configuration, start farshore, and apply the policies and groups again',
} as const;
