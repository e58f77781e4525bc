import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Docker, LabUnavailableError, unless } from './runtime.ts';

const baseImage = 'debian:bookworm-slim';
const context = join(import.meta.dirname, 'image');

/** The image's targets: `rgw` is `region` with Ceph, for a lab that asks for it. */
export type ImageTarget = 'region' | 'rgw';

/**
 * Builds the regions' image when its sources changed since the last time; the tag is their hash,
 * so an unchanged checkout starts at once and two checkouts don't fight over one tag.
 */
export async function ensureImage(
  engine: Docker,
  say: (text: string) => void,
  target: ImageTarget = 'region',
): Promise<string> {
  const files = await sources();
  const hash = await contentHash(files);
  const tag = target === 'region' ? `farshore-lab:${hash}` : `farshore-lab-${target}:${hash}`;
  if (await unless([404], engine.getImage(tag).inspect())) return tag;
  await ensureBase(engine, say);
  say(`building ${tag} (some minutes the first time)`);
  const stream = await engine.buildImage(
    { context, src: files },
    { t: tag, target, networkmode: 'host', rm: true },
  );
  await finished(engine, stream);
  return tag;
}

async function sources(): Promise<string[]> {
  const entries = await readdir(context, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(context.length + 1))
    .sort();
}

async function contentHash(files: string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${file}\0`).update(await readFile(join(context, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

async function ensureBase(engine: Docker, say: (text: string) => void): Promise<void> {
  if (await unless([404], engine.getImage(baseImage).inspect())) return;
  say(`pulling ${baseImage}`);
  try {
    await finished(engine, await engine.pull(baseImage));
  } catch {
    // No registry within reach: Debian's own mirror has all that the base image consists of.
    await bootstrapBase(engine, say);
  }
}

async function bootstrapBase(engine: Docker, say: (text: string) => void): Promise<void> {
  say(`no registry within reach: making ${baseImage} with debootstrap`);
  const root = await mkdtemp(join(tmpdir(), 'farshore-base-'));
  try {
    await run('debootstrap', ['--variant=minbase', '--include=ca-certificates', 'bookworm', root]);
    const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [repo = '', tag = ''] = baseImage.split(':');
    await finished(engine, await engine.importImage(tar.stdout, { repo, tag }));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function run(command: string, args: string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    const [status] = (await once(child, 'exit')) as [number | null];
    if (status === 0) return;
  } catch {
    // Not installed: the same advice holds.
  }
  throw new LabUnavailableError(
    `The lab could neither pull ${baseImage} nor make it: as root, \`apt-get install debootstrap\` and try again.`,
  );
}

/** Waits for the end of a build, pull or import, and throws what went wrong in it. */
async function finished(engine: Docker, stream: NodeJS.ReadableStream): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const lines: string[] = [];
    let failure: string | undefined;
    engine.modem.followProgress(
      stream,
      (error) => {
        // What failed inside the build is an event, not an error of the stream.
        const message = error?.message ?? failure;
        if (message === undefined) resolve();
        else reject(new Error(`${message}\n${lines.slice(-20).join('')}`));
      },
      (event: { stream?: string; error?: string }) => {
        lines.push(event.stream ?? '');
        failure ??= event.error;
      },
    );
  });
}
