import type { Command } from 'commander';

import { globalsOf } from '../context.ts';
import { useLeanMemory } from '../lean-memory.ts';

export function addServe(program: Command, version: string): void {
  program
    .command('serve')
    .description('run the controller until it is told to stop')
    .action(async (_options: unknown, command: Command) => {
      useLeanMemory('controller');
      // Only who serves loads what serving takes.
      const { serve } = await import('../serve.ts');
      await serve(globalsOf(command).config, version);
    });
}
