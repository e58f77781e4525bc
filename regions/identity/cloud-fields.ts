import { FarshoreError } from '../../kernel/errors.ts';

/** One thing that is wrong in a cloud's entry. */
export interface CloudFault {
  /** `clouds.east.auth.password` or, from the environment, `OS_PASSWORD`. */
  readonly path: string;
  readonly message: string;
}

/** Everything that is wrong with one cloud's entry, in one error. */
export class CloudConfigError extends FarshoreError {
  readonly faults: readonly CloudFault[];

  constructor(cloud: string, faults: readonly CloudFault[], source: string) {
    super(faults.map(({ path, message }) => `${path}: ${message}`).join('; '), {
      code: 'config.cloud-invalid',
      kind: 'permanent',
      operation: 'read cloud entry',
      subject: cloud,
      hint: `correct it in ${source}`,
    });
    this.faults = faults;
  }
}

/** Where the values of one cloud's entry come from. */
export interface FieldSource {
  /** All scalars are texts. */
  value(key: string): unknown;
  pathOf(key: string): string;
}

/** Reads fields by name and gathers faults, so that an operator sees all of them at once. */
export class CloudFields {
  readonly #source: FieldSource;
  readonly #faults: CloudFault[] = [];

  constructor(source: FieldSource) {
    this.#source = source;
  }

  get faults(): readonly CloudFault[] {
    return this.#faults;
  }

  fault(key: string, message: string): void {
    this.#faults.push({ path: this.#source.pathOf(key), message });
  }

  /** The first of the keys that has a value; empty texts count as none. */
  text(...keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const value = this.#source.value(key);
      if (value === undefined || value === null || value === '') continue;
      if (typeof value === 'string') return value;
      this.fault(key, 'must be a text');
    }
    return undefined;
  }

  required(...keys: readonly [string, ...string[]]): string {
    const value = this.text(...keys);
    if (value === undefined) this.fault(keys[0], 'is missing');
    return value ?? '';
  }

  isTrue(key: string, otherwise: boolean): boolean {
    const value = this.text(key)?.toLowerCase();
    if (value === undefined) return otherwise;
    if (['true', 'yes', 'on', '1'].includes(value)) return true;
    if (!['false', 'no', 'off', '0'].includes(value)) this.fault(key, 'must be true or false');
    return false;
  }
}
