#!/usr/bin/env node
// Starts the command line with a Node that runs TypeScript: the one pinned in the project where the
// machine's own is older.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const minimumMajor = 24;
const main = fileURLToPath(new URL('./main.ts', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= minimumMajor) {
  await import(main);
} else {
  const pinned = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url));
  const child = spawn(pinned, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', () => {
    console.error(
      `farshore: needs Node ${minimumMajor} or newer; run npm ci, which installs one into the project`,
    );
    process.exitCode = 1;
  });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
