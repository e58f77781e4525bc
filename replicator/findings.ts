import {
  resourceKey,
  type Copy,
  type CopyDamage,
  type Depth,
  type Finding,
  type ResourceRef,
  type Verification,
} from './mover.ts';

/** More of one resource say nothing new, and a manifest has to be held in memory. */
const kept = 1_000;

/** Counts what a verification of one resource saw, and keeps the first findings. */
export class Findings {
  readonly #resource: string;
  readonly #list: Finding[] = [];
  #damaged = 0;
  #objects = 0;
  #bytes = 0;

  constructor(resource: ResourceRef) {
    this.#resource = resourceKey(resource);
  }

  saw(bytes: number): void {
    this.#objects += 1;
    this.#bytes += bytes;
  }

  add(subject: string, problem: Finding['problem'], detail: string, count = 1): void {
    this.#push({ subject, problem, detail }, count);
  }

  /** Of a stored thing that several objects, or copies, may refer to. */
  addStored(
    stored: string,
    subject: string,
    problem: Finding['problem'],
    detail: string,
    count = 1,
  ): void {
    this.#push({ subject, stored, problem, detail }, count);
  }

  #push(finding: Omit<Finding, 'resource'>, count: number): void {
    this.#damaged += count;
    if (this.#list.length >= kept) return;
    const detail = oneLine(finding.detail);
    this.#list.push({ resource: this.#resource, ...finding, detail });
  }

  get count(): number {
    return this.#damaged;
  }

  result(depth: Depth): Verification {
    return {
      depth,
      objects: this.#objects,
      bytes: this.#bytes,
      findings: this.#list,
      damaged: this.#damaged,
    };
  }
}

/** What was found in something that all these copies depend on, as damage of each. */
export function damageOf<P extends Copy>(
  copies: readonly P[],
  { findings, damaged }: Pick<Verification, 'findings' | 'damaged'>,
): readonly CopyDamage<P>[] {
  if (damaged === 0) return [];
  return copies.map((copy) => {
    const resource = resourceKey(copy.resource);
    return { copy, findings: findings.map((each) => ({ ...each, resource })), damaged };
  });
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
