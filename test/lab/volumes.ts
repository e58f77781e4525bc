import type { RandomBytes } from '../contract/environment.ts';
import type { Region } from './region.ts';

const mib = 1024 * 1024;

/** Writes into a volume at `offsetBytes`, beneath Cinder, as a server that has it attached would. */
export async function writeVolume(
  region: Region,
  volumeId: string,
  offsetBytes: number,
  data: Buffer | RandomBytes,
): Promise<void> {
  const offset = String(offsetBytes);
  if (Buffer.isBuffer(data)) {
    await region.script('volume.py', ['write', volumeId, offset], { input: data });
    return;
  }
  const { randomMiB, seed } = data;
  await region.script('volume.py', ['random', volumeId, offset, String(randomMiB), String(seed)]);
}

/** Makes the range a hole: it reads as zeros and takes no space, as after a discard. */
export async function punchHole(
  region: Region,
  volumeId: string,
  offsetBytes: number,
  lengthBytes: number,
): Promise<void> {
  await region.script('volume.py', ['punch', volumeId, String(offsetBytes), String(lengthBytes)]);
}

/** Writes zeros that do take space. */
export async function zeroVolume(
  region: Region,
  volumeId: string,
  offsetBytes: number,
  lengthMiB: number,
): Promise<void> {
  await writeVolume(region, volumeId, offsetBytes, Buffer.alloc(lengthMiB * mib));
}

/** Checksum of all the bytes that the volume has now. */
export async function volumeSha256(region: Region, volumeId: string): Promise<string> {
  return await region.script('volume.py', ['sha256', volumeId]);
}
