import { ensureImage } from './image.ts';
import { docker } from './runtime.ts';

/** The first build takes minutes, more than any test may: before all of them. */
export async function mochaGlobalSetup(): Promise<void> {
  await ensureImage(await docker(), console.log);
}
