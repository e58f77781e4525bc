import { nearest } from '../../kernel/nearest.ts';
import type { DocumentFault, PreflightContext } from '../kind.ts';
import type { VolumeCandidate } from './find.ts';
import { targetTypeOf } from './options.ts';

/** The target has every volume type, as it is mapped, and lets records of backups be imported. */
export async function preflightVolumes(
  found: readonly VolumeCandidate[],
  at: PreflightContext,
): Promise<readonly DocumentFault[]> {
  return [...(await typeFaults(found, at)), ...(await rightFaults(found, at))];
}

async function typeFaults(
  found: readonly VolumeCandidate[],
  { target, mappings, signal }: PreflightContext,
): Promise<readonly DocumentFault[]> {
  const used = found.flatMap(({ volumeType }) => volumeType ?? []);
  const types = new Set([...Object.keys(mappings['volumeTypes'] ?? {}), ...used]);
  if (types.size === 0) return [];
  const known: string[] = [];
  for await (const { name } of target.blockStorage.listVolumeTypes(signal)) known.push(name);
  return [...types]
    .map((type) => ({ type, wanted: targetTypeOf(type, { mappings }) }))
    .filter(({ wanted }) => !known.includes(wanted))
    .map(({ type, wanted }) => {
      const near = nearest(wanted, known);
      const hint = near === null ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
      const message = `there is no volume type ${wanted} in ${target.region}; ${hint}`;
      return { path: `target.volumeTypes.${type}`, message };
    });
}

/** A backup's record cannot be brought to the target without it, and no session could end. */
async function rightFaults(
  found: readonly VolumeCandidate[],
  { target: { region, blockStorage }, signal }: PreflightContext,
): Promise<readonly DocumentFault[]> {
  if (found.length === 0 || (await blockStorage.mayImportRecords(signal))) return [];
  const message = `volumes need the right backup:backup-import in ${region}: give Farshore's user the admin role in that project, or grant the right in Cinder's policy file`;
  return [{ path: 'target.project', message }];
}
