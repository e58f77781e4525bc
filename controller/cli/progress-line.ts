import type { ProgressSnapshot } from '../../replicator/session/meter.ts';
import { formatBytes, formatSeconds } from './format.ts';

/** One line that is written over on a terminal; off a terminal nothing is drawn, so logs stay readable. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #isDrawn = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  get isShown(): boolean {
    return this.#stream.isTTY;
  }

  draw(text: string): void {
    if (!this.isShown) return;
    this.#stream.write(`\r\x1b[2K${text.slice(0, this.#stream.columns - 1)}`);
    this.#isDrawn = true;
  }

  /** Takes the line away, for a line that stays to be written. */
  clear(): void {
    if (this.#isDrawn) clearLine(this.#stream);
    this.#isDrawn = false;
  }
}

/** Whatever is drawn there now. */
export function clearLine(stream: NodeJS.WriteStream = process.stderr): void {
  if (stream.isTTY) stream.write('\r\x1b[2K');
}

/** `120.0 MiB of 300.0 MiB, 2,003 objects, 48.1 MiB/s, 4s left` */
export function describeProgress(progress: ProgressSnapshot): string {
  const done = progress.movedBytes + progress.copiedBytes;
  const objects = progress.movedObjects + progress.copiedObjects;
  const expected = Math.max(progress.expectedBytes - progress.presentBytes, done);
  return [
    `${formatBytes(done)} of ${formatBytes(expected)}`,
    `${objects.toLocaleString('en')} objects`,
    `${formatBytes(Math.round(progress.bytesPerSecond))}/s`,
    ...(progress.secondsLeft === null
      ? []
      : [`${formatSeconds(Math.ceil(progress.secondsLeft))} left`]),
    ...progress.waiting.slice(0, 1).map(({ subject, text }) => `${subject}: ${text}`),
  ].join(', ');
}
