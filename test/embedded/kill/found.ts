import type { ProjectScope } from '../../../regions/region.ts';
import type { Caller } from './caller.ts';
import type { Ledger } from './ledger.ts';
import { container, rows } from './writers.ts';

/** Every thing of the kinds in a ledger that the region shows, by the ledger's names and outcomes. */
export async function found(
  caller: Caller,
  { objectStore, images }: ProjectScope,
  ledger: Ledger,
): Promise<ReadonlyMap<string, string>> {
  const all = new Map<string, string>();
  for await (const { name, hash } of objectStore.list(container)) all.set(`object ${name}`, hash);
  for await (const { id, status, hashValue } of images.list())
    all.set(`image ${id}`, status === 'active' ? `active ${hashValue}` : status);
  for (const kind of ['volume', 'backup'] as const)
    for (const { name, status } of await rows(caller, kind)) all.set(`${kind} ${name}`, status);
  const { projects } = await caller.json<{ projects: { name: string }[] }>('/v3/projects');
  for (const { name } of projects)
    if (/^\w\d+-\d+$/.test(name)) all.set(`project ${name}`, 'there');
  for (const token of ledger.things('token')) {
    const subject = { 'x-subject-token': token };
    const { status } = await caller.call(
      ['GET', '/v3/auth/tokens'],
      [200, 404],
      undefined,
      subject,
    );
    if (status === 200) all.set(`token ${token}`, 'valid');
  }
  return all;
}
