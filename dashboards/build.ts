import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dashboardFiles } from './files.ts';

for (const [name, text] of await dashboardFiles())
  await writeFile(join(import.meta.dirname, name), text);
