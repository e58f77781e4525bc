/**
 * Streams leave much garbage: buffers wait for the next collection, and glibc keeps what was freed in
 * arenas of every thread and below a threshold that it raises by itself. With the defaults the
 * controller's memory grows to several times what it uses. Both are settings of a process's start, so
 * this one replaces itself once, same pid: a young generation that small objects die in and no more, an
 * old one that is left alone until it is larger than what the program itself takes, few arenas, large
 * blocks handed back, and one thread that helps to collect: four that share a core with it and wait for
 * each other take as much again. `--expose-gc` is for the buffers of sockets.
 */
const nodeFlags = [
  '--max-semi-space-size=8',
  '--initial-old-space-size=64',
  '--max-old-space-size=192',
  '--v8-pool-size=1',
  '--expose-gc',
];
const allocators = {
  // Above a socket's pieces of 64 KiB: mapped and given back one by one they took half of its CPU.
  controller: {
    MALLOC_ARENA_MAX: '2',
    MALLOC_MMAP_THRESHOLD_: '1048576',
    MALLOC_TRIM_THRESHOLD_: '16777216',
  },
  // It moves large bodies in pieces of a MiB: handing back each of them costs half of its speed.
  region: {
    MALLOC_ARENA_MAX: '2',
    MALLOC_MMAP_THRESHOLD_: '8388608',
    MALLOC_TRIM_THRESHOLD_: '16777216',
  },
};

/** Of what kind a process is; a demo is as a region is. */
type Kind = keyof typeof allocators;

/** The same for a process that is about to be started. */
export function leanStart(kind: Kind): {
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
} {
  return { flags: nodeFlags, env: { ...process.env, ...allocators[kind] } };
}

export function useLeanMemory(kind: Kind): void {
  const { flags, env } = leanStart(kind);
  if (process.platform !== 'linux' || flags.every((flag) => process.execArgv.includes(flag)))
    return;
  const command = [process.execPath, ...flags, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.(process.execPath, command, env);
}
