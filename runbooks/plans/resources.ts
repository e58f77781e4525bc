import { kindOf } from '../../replicator/kinds.ts';
import { resourceKey, type Copy } from '../../replicator/mover.ts';
import type { PointManifest } from '../../replicator/point/types.ts';
import type { StepSpec } from '../plan.ts';
import { hours } from './limits.ts';

/**
 * `restore` and then `check` of every resource in the point, in the manifest's order; what needs others
 * waits for them.
 */
export function resourceSteps(
  manifest: PointManifest,
  needs: readonly string[],
  params: Readonly<Record<string, unknown>>,
  needsOf = (copy: Copy): readonly string[] => kindOf(copy.kind).needs(copy),
): readonly StepSpec[] {
  const there = new Set(manifest.copies.map(({ resource }) => resourceKey(resource)));
  return manifest.copies.flatMap((copy) => {
    const others = needsOf(copy).filter((key) => there.has(key));
    const before = [...needs, ...others.map((key) => `restore:${key}`)];
    return [restore(copy, before), check(copy, params)];
  });
}

function restore(copy: Copy, needs: readonly string[]): StepSpec {
  const key = resourceKey(copy.resource);
  return {
    id: `restore:${key}`,
    type: 'restore',
    title: `restore ${copy.resource.kind} ${copy.resource.name}`,
    needs,
    params: { resource: key, bytes: copy.bytes, objects: copy.objects },
    always: false,
    timeoutSeconds: hours(24),
    retries: 5,
  };
}

function check(copy: Copy, params: Readonly<Record<string, unknown>>): StepSpec {
  const key = resourceKey(copy.resource);
  const costly = kindOf(copy.kind).costlyCheck;
  return {
    id: `check:${key}`,
    type: 'check',
    title: `compare ${copy.resource.kind} ${copy.resource.name} with its copy`,
    needs: [`restore:${key}`],
    params: {
      resource: key,
      bytes: copy.bytes,
      ...(costly === null ? {} : { [costly.param]: params[costly.param] }),
    },
    always: false,
    timeoutSeconds: hours(24),
    retries: 5,
  };
}
