import type { z } from 'zod';
import { Refusal } from '../../http/refusal.ts';
import type { Write } from '../../store/tables.ts';
import { inputOf } from '../input.ts';
import type { Parts } from '../parts.ts';
import { type Route, route } from '../routing.ts';
import { demand, type Session } from '../tokens/session.ts';
import { type Collection, existing, listed, oneReply } from './collection.ts';

interface Resource {
  readonly id: string;
}

/** What the routes of domains, projects, users and roles differ in. */
export interface Managed<T extends Resource, I> extends Collection<T> {
  readonly creation: z.ZodType<I>;
  readonly change: z.ZodType<Partial<I>>;
  /** Whether one who is no admin may look at it. */
  readonly isOwn?: (record: T, session: Session) => boolean;
  make(input: I, session: Session): Promise<T>;
  changed(record: T, input: Partial<I>): T;
  /** Throws a Refusal when the record may not be as it is: its name taken, its domain unknown. */
  check(record: T): Promise<void>;
  /** Throws a Refusal when the record is one that stays. */
  checkRemoval?(record: T): void;
  /** What is written with it. */
  alongside?(record: T, input: Partial<I>): Promise<readonly Write[]>;
  /** What goes with it. */
  dependants(record: T): Promise<readonly Write[]>;
}

/** List, create, show, update, delete: for admins. */
export function managedRoutes<T extends Resource, I>(
  managed: Managed<T, I>,
  { directory }: Parts,
): readonly Route[] {
  const { singular, plural, table } = managed;
  const all = `/v3/${plural}`;
  const one = `${all}/*`;
  return [
    route('GET', all, (request) => {
      demand(`list_${plural}`, request.session);
      return listed(managed, request);
    }),
    route('POST', all, async (request) => {
      demand(`create_${singular}`, request.session);
      const input = inputOf(request.document, singular, managed.creation);
      const record = await directory.change(async () => {
        const made = await managed.make(input, request.session);
        await managed.check(made);
        const also = (await managed.alongside?.(made, input)) ?? [];
        return { writes: [table.put(made.id, made), ...also], result: made };
      });
      return oneReply(managed, record, request, 201);
    }),
    route('GET', one, async (request, id = '') => {
      const record = await table.get(id);
      const isOwn = record !== undefined && managed.isOwn?.(record, request.session);
      demand(`get_${singular}`, request.session, isOwn);
      return oneReply(managed, await existing(managed, id), request);
    }),
    route('PATCH', one, async (request, id = '') => {
      demand(`update_${singular}`, request.session);
      const input = inputOf(request.document, singular, managed.change);
      const record = await directory.change(async () => {
        const changed = managed.changed(await existing(managed, id), input);
        await managed.check(changed);
        const also = (await managed.alongside?.(changed, input)) ?? [];
        return { writes: [table.put(id, changed), ...also], result: changed };
      });
      return oneReply(managed, record, request);
    }),
    route('DELETE', one, async (request, id = '') => {
      demand(`delete_${singular}`, request.session);
      await directory.change(async () => {
        const record = await existing(managed, id);
        managed.checkRemoval?.(record);
        const writes = [table.del(id), ...(await managed.dependants(record))];
        return { writes, result: undefined };
      });
      return { status: 204 };
    }),
  ];
}

/** The domain of a record is for ever. Throws a Refusal. */
export function sameDomain(
  record: { readonly domain_id: string },
  { domain_id }: { readonly domain_id?: string | null | undefined },
): void {
  if (domain_id !== undefined && domain_id !== record.domain_id)
    throw new Refusal(400, 'Cannot change Domain ID');
}
