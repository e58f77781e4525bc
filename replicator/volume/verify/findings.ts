import {
  resourceKey,
  type Depth,
  type Finding,
  type ResourceRef,
  type Verification,
} from '../../mover.ts';

/** More of one resource say nothing new, and a manifest has to be held in memory. */
const keptFindings = 1000;

/** Gathers what a verification finds and counts what it saw. */
export class Findings {
  readonly #resource: string;
  readonly #kept: Finding[] = [];
  #damaged = 0;
  #objects = 0;
  #bytes = 0;

  constructor(resource: ResourceRef) {
    this.#resource = resourceKey(resource);
  }

  add(subject: string, problem: Finding['problem'], detail: string): void {
    this.#damaged += 1;
    if (this.#kept.length < keptFindings)
      this.#kept.push({ resource: this.#resource, subject, problem, detail });
  }

  saw(bytes: number): void {
    this.#objects += 1;
    this.#bytes += bytes;
  }

  get count(): number {
    return this.#damaged;
  }

  result(depth: Depth): Verification {
    return {
      depth,
      objects: this.#objects,
      bytes: this.#bytes,
      findings: this.#kept,
      damaged: this.#damaged,
    };
  }
}
