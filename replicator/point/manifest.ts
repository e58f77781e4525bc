import { createHash } from 'node:crypto';
import { z } from 'zod';
import { FarshoreError } from '../../kernel/errors.ts';
import { resourceKey, type Copy } from '../mover.ts';
import { partsOf } from '../bank/signed.ts';
import { notUnderstood, unknownFormats } from './formats.ts';
import { formatsSchema, manifestSchema } from './schema.ts';
import type { PointManifest } from './types.ts';

/**
 * The manifest's bytes: the same manifest gives the same bytes, so that a commit which is repeated
 * after a crash writes what was announced. What it writes it could read: a copy that the schema does
 * not know fails here, before the commit, and not on the day of the restore. In the bank its signature
 * follows it, see bank/signed.ts.
 */
export function encodeManifest(manifest: PointManifest): Buffer {
  const body = Buffer.from(JSON.stringify(manifest) + '\n');
  decodeManifest(body, manifest);
  return body;
}

export function manifestSha256(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

/**
 * Throws `point.not-understood` for what another release wrote, which is no damage, and
 * `point.manifest-invalid` with every fault for bytes that are no manifest of this point.
 */
export function decodeManifest(
  body: Buffer,
  point: { readonly group: string; readonly id: string },
): PointManifest {
  const subject = `${point.group}/${point.id}`;
  const content = parseJson(partsOf(body).content, subject);
  requireUnderstood(content, subject);
  const parsed = manifestSchema.safeParse(content);
  if (!parsed.success) throw invalid(subject, z.prettifyError(parsed.error).replaceAll('\n', ' '));
  const faults = contradictions(parsed.data, point);
  if (faults.length > 0) throw invalid(subject, faults.join('; '));
  return parsed.data;
}

/** The oldest of the copies: nothing in the point is older, so it is what RPO counts from. */
export function oldestDataTime(copies: readonly Copy[]): string {
  const [first, ...others] = copies.map((copy) => copy.dataTime);
  if (first === undefined) throw new RangeError('a point has at least one copy');
  return others.reduce((a, b) => (Date.parse(b) < Date.parse(a) ? b : a), first);
}

export function isNotUnderstood(error: unknown): error is FarshoreError {
  return error instanceof FarshoreError && error.code === 'point.not-understood';
}

/** What is no manifest of any release is left to the schema, which says what is wrong with it. */
function requireUnderstood(content: unknown, subject: string): void {
  const parsed = formatsSchema.safeParse(content);
  if (!parsed.success) return;
  const { format, version, copies = [] } = parsed.data;
  if (format === undefined && version === undefined) return;
  const manifest = `manifest/${format ?? 1}`;
  const of = copies.map((copy) => `${copy.kind}/${copy.format}`);
  const unknown = unknownFormats([manifest, ...new Set(of)]);
  if (unknown.length === 0) return;
  throw notUnderstood('read manifest', subject, unknown);
}

function contradictions(
  manifest: PointManifest,
  point: { readonly group: string; readonly id: string },
): string[] {
  const faults: string[] = [];
  if (manifest.id !== point.id) faults.push(`it is that of point ${manifest.id}`);
  if (manifest.group !== point.group) faults.push(`it is that of group ${manifest.group}`);
  if (manifest.dataTime !== oldestDataTime(manifest.copies))
    faults.push('its data time is not the oldest of its copies');
  const seen = new Set<string>();
  for (const { kind, resource } of manifest.copies) {
    const key = resourceKey(resource);
    if (kind !== resource.kind) faults.push(`the copy of ${key} is that of a ${kind}`);
    if (seen.has(key)) faults.push(`${key} is there twice`);
    seen.add(key);
  }
  for (const key of manifest.lacks.map(({ resource }) => resourceKey(resource))) {
    if (seen.has(key)) faults.push(`${key} is lacking, and there`);
    seen.add(key);
  }
  return faults;
}

function parseJson(body: Buffer, subject: string): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw invalid(subject, 'it is no JSON', cause);
  }
}

function invalid(subject: string, faults: string, cause?: unknown): FarshoreError {
  return new FarshoreError(`not a manifest of this point: ${faults}`, {
    code: 'point.manifest-invalid',
    kind: 'permanent',
    operation: 'read manifest',
    subject,
    hint: 'verify the point; another proven point can be restored meanwhile',
    cause,
  });
}
