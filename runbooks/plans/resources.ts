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
  verifyVolumes: 'image' | 'none',
  needsOf = (copy: Copy): readonly string[] => kindOf(copy.kind).needs(copy),
): readonly StepSpec[] {
  const there = new Set(manifest.copies.map(({ resource }) => resourceKey(resource)));
  return manifest.copies.flatMap((copy) => {
    const others = needsOf(copy).filter((key) => there.has(key));
    const before = [...needs, ...others.map((key) => `restore:${key}`)];
    return [restore(copy, before), check(copy, verifyVolumes)];
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

function check(copy: Copy, verifyVolumes: 'image' | 'none'): StepSpec {
  const key = resourceKey(copy.resource);
  return {
    id: `check:${key}`,
    type: 'check',
    title: `compare ${copy.resource.kind} ${copy.resource.name} with its copy`,
    needs: [`restore:${key}`],
    params: {
      resource: key,
      bytes: copy.bytes,
      ...(copy.kind === 'volume' ? { verifyVolumes } : {}),
    },
    always: false,
    timeoutSeconds: hours(24),
    retries: 5,
  };
}
