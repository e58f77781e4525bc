/**
 * glibc gives every thread an allocation arena of its own, and what streams leave behind in them is
 * hardly ever handed back: with the default the controller's memory grows to several times what it
 * uses. The limit is read when a process starts, so this one replaces itself once, same pid.
 */
export function useLeanMemory(): void {
  if (process.platform !== 'linux' || process.env['MALLOC_ARENA_MAX'] !== undefined) return;
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.(process.execPath, command, { ...process.env, MALLOC_ARENA_MAX: '2' });
}
