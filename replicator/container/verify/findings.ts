import {
  resourceKey,
  type Depth,
  type Finding,
  type ResourceRef,
  type Verification,
} from '../../mover.ts';

const kept = 1_000;

/** Counts what was checked and keeps the first findings. */
export class Findings {
  readonly #resource: string;
  readonly #list: Finding[] = [];
  #damaged = 0;
  #objects = 0;
  #bytes = 0;

  constructor(resource: ResourceRef) {
    this.#resource = resourceKey(resource);
  }

  checked(bytes: number): void {
    this.#objects += 1;
    this.#bytes += bytes;
  }

  add(subject: string, problem: Finding['problem'], detail: string, count = 1): void {
    this.#damaged += count;
    if (this.#list.length < kept)
      this.#list.push({ resource: this.#resource, subject, problem, detail: oneLine(detail) });
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

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
