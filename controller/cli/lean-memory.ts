/**
 * Streams leave much garbage: buffers wait for the next collection, and glibc keeps what was freed in
 * arenas of every thread and below a threshold that it raises by itself. With the defaults the
 * controller's memory grows to several times what it uses. Both are settings of a process's start, so
 * this one replaces itself once, same pid: small young generation, few arenas, large blocks handed back.
 */
const nodeFlags = ['--max-semi-space-size=2', '--max-old-space-size=192'];
const allocator = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '65536',
  MALLOC_TRIM_THRESHOLD_: '131072',
};

/** The same for a process that is about to be started. */
export function leanStart(): {
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
} {
  return { flags: nodeFlags, env: { ...allocator, ...process.env } };
}

export function useLeanMemory(): void {
  const { flags, env } = leanStart();
  if (process.platform !== 'linux' || flags.every((flag) => process.execArgv.includes(flag)))
    return;
  const command = [process.execPath, ...flags, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.(process.execPath, command, env);
}
