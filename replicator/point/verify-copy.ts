import { FarshoreError } from '../../kernel/errors.ts';
import {
  moverOf,
  resourceKey,
  type Copy,
  type Depth,
  type Movers,
  type TargetContext,
  type Verification,
} from '../mover.ts';

/** A catalog that is gone or altered is damage of the copy that it describes, not a failure to ask. */
export function isCatalogDamage(error: unknown): error is FarshoreError {
  return (
    error instanceof FarshoreError &&
    (error.code === 'bank.catalog-missing' || error.code === 'bank.catalog-altered')
  );
}

/** One copy, checked by its mover; what could not be asked throws. */
export async function verifyCopy(
  movers: Movers,
  copy: Copy,
  depth: Depth,
  at: TargetContext,
): Promise<Verification> {
  try {
    return await moverOf(movers, copy.kind).verify(copy, depth, at);
  } catch (error) {
    if (!isCatalogDamage(error)) throw error;
    const finding = {
      resource: resourceKey(copy.resource),
      subject: error.subject ?? 'catalog',
      problem: error.code === 'bank.catalog-missing' ? 'missing' : 'altered',
      detail: error.message,
    } as const;
    return { depth, objects: 0, bytes: 0, findings: [finding], damaged: 1 };
  }
}
