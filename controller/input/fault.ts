import { FarshoreError } from '../../kernel/errors.ts';

/** One thing that is wrong in what a user wrote. */
export interface Fault {
  /** `regions.east.cloud`, `members[2].volume`; empty for the whole. */
  readonly path: string;
  /** What was expected and, unless it may be a secret, what was found. */
  readonly message: string;
  /** Line in the file, from 1, where there is a file. */
  readonly line?: number;
}

/** A file or document that is refused, with all its faults in the message. */
export class InvalidInput extends FarshoreError {
  readonly faults: readonly Fault[];

  constructor(
    faults: readonly Fault[],
    detail: {
      readonly code: string;
      readonly operation: string;
      readonly subject: string;
      readonly hint: string;
    },
  ) {
    const lines = faults.map(describeFault);
    super(lines.length === 1 ? (lines[0] ?? '') : `${lines.length} faults: ${lines.join('; ')}`, {
      ...detail,
      kind: 'permanent',
    });
    this.faults = faults;
  }
}

function describeFault({ path, message, line }: Fault): string {
  const at = line === undefined ? '' : `line ${line}: `;
  return path === '' ? `${at}${message}` : `${at}${path}: ${message}`;
}
