import { join } from 'node:path';
import type { Ambient } from '../../kernel/ambient.ts';
import { isoTime } from '../../kernel/clock.ts';
import { FarshoreError, isTransient } from '../../kernel/errors.ts';
import type { Config } from '../config/config.ts';
import { followed } from '../state/followed.ts';
import { checkFormat, formatKey, openFormat, type Program } from '../store/format.ts';
import type { Store } from '../store/store.ts';
import { whenAvailable } from '../store/when-available.ts';

/** Nothing is written to a state before it is known that this program understands it. */
export interface FormatGate {
  /** The same store, which takes no writes before `admit` has resolved. */
  readonly store: Store;
  /** Throws `state.newer` and `state.older`; waits for a store that does not answer. */
  admit(signal: AbortSignal): Promise<void>;
  /** Rejects once another program has raised the format: this one would misread what that writes. */
  heed(signal: AbortSignal): Promise<void>;
}

export function formatGate(
  store: Store,
  { raft, dataDir }: Config,
  version: string,
  ambient: Ambient,
): FormatGate {
  const program: Program = { version, home: raft === undefined ? join(dataDir, 'state') : 'etcd' };
  let isAdmitted = false;
  return Object.freeze<FormatGate>({
    store: {
      get: (key, options) => store.get(key, options),
      range: (prefix, options) => store.range(prefix, options),
      page: (prefix, options) => store.page(prefix, options),
      watch: (prefix, from, signal) => store.watch(prefix, from, signal),
      lease: (ttlMs) => store.lease(ttlMs),
      health: () => store.health(),
      close: () => store.close(),
      transact: async (compares, operations) => {
        if (!isAdmitted) throw notOpen(program);
        return store.transact(compares, operations);
      },
    },
    admit: async (signal) => {
      if (!(await isKnownHere(store, program))) {
        const open = () => openFormat(store, program, isoTime(ambient.clock.now()));
        await whenAvailable(open, ambient, signal);
      }
      isAdmitted = true;
    },
    heed: async (signal) => {
      const source = { store, ambient, prefix: formatKey };
      for await (const { found } of followed(
        source,
        (mirror) => ({ found: mirror.get(formatKey) }),
        signal,
      ))
        if (found !== undefined) checkFormat(found, program);
    },
  });
}

/** So that a state that is known can be shown without a majority. */
async function isKnownHere(store: Store, program: Program): Promise<boolean> {
  try {
    const found = await store.get(formatKey, { consistency: 'local' });
    if (found !== null) checkFormat(found.value, program);
    return found !== null;
  } catch (error) {
    if (isTransient(error)) return false;
    throw error;
  }
}

function notOpen({ home }: Program): FarshoreError {
  return new FarshoreError('the state is not open yet', {
    code: 'state.not-open',
    kind: 'transient',
    operation: 'write state',
    subject: home,
    hint: 'try again when /readyz says ready',
  });
}
