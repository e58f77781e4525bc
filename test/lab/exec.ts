import { once } from 'node:events';
import { type Duplex, PassThrough, Readable, type Writable } from 'node:stream';

import type { Container } from './runtime.ts';

export interface ExecOptions {
  readonly input?: string | Buffer | Readable;
  readonly env?: Readonly<Record<string, string>>;
  /** Where standard output goes as it comes; the result's `stdout` is then empty. */
  readonly output?: Writable;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** The part of the engine's client that its types leave open. */
interface Modem {
  demuxStream(stream: Duplex, stdout: Writable, stderr: Writable): void;
}

/** Runs a command inside a container, with its standard input fed and its output collected. */
export async function execIn(
  container: Container,
  command: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const exec = await container.exec({
    Cmd: [...command],
    AttachStdin: options.input !== undefined,
    AttachStdout: true,
    AttachStderr: true,
    Env: Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
  });
  const stream = await exec.start({ hijack: true, stdin: options.input !== undefined });
  const stdout = new Collector();
  const stderr = new Collector();
  const modem = container.modem as Modem;
  modem.demuxStream(stream, options.output ?? stdout.sink, stderr.sink);
  if (options.input instanceof Readable) options.input.pipe(stream);
  else if (options.input !== undefined) stream.end(options.input);
  await once(stream, 'end');
  const { ExitCode } = await exec.inspect();
  return { stdout: stdout.text(), stderr: stderr.text(), exitCode: ExitCode ?? -1 };
}

class Collector {
  readonly sink = new PassThrough();
  readonly #parts: Buffer[] = [];

  constructor() {
    this.sink.on('data', (part: Buffer) => this.#parts.push(part));
  }

  text(): string {
    for (
      let part = this.sink.read() as Buffer | null;
      part;
      part = this.sink.read() as Buffer | null
    )
      this.#parts.push(part);
    return Buffer.concat(this.#parts).toString();
  }
}
