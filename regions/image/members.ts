import { Answer } from '../answer.ts';
import { hasStatus } from '../http/request-error.ts';
import type { JsonRequest, ServiceClient } from '../http/service-client.ts';
import { refineImageError } from './errors.ts';
import { parseMember } from './parse.ts';
import type { ImageMember, ImageService } from './types.ts';

type MemberCalls = Pick<ImageService, 'listMembers' | 'setMembers'>;

export function createMemberCalls(client: ServiceClient): MemberCalls {
  const path = (id: string): string => `/v2/images/${encodeURIComponent(id)}/members`;

  const listMembers: MemberCalls['listMembers'] = async (id, signal) => {
    const operation = 'list image members';
    const response = await client.json({
      method: 'GET',
      path: path(id),
      operation,
      subject: id,
      ok: [200],
      signal,
    });
    const source = { region: client.region, service: client.service, operation };
    return new Answer(response.body, source).objects('members').map(parseMember);
  };

  /** Each of these sets one thing that can be set twice. */
  const change = async (
    id: string,
    request: Pick<JsonRequest, 'method' | 'ok' | 'json' | 'operation'> & { readonly below: string },
    signal?: AbortSignal,
  ): Promise<void> => {
    const { below, ...rest } = request;
    await client.json({
      ...rest,
      path: `${path(id)}${below}`,
      subject: id,
      repeatable: true,
      signal,
    });
  };

  return {
    listMembers,

    async setMembers(id, members, signal) {
      const held = await listMembers(id, signal);
      const todo = compareMembers(held, members);
      try {
        for (const { memberId } of todo.add) {
          const json = { member: memberId };
          const operation = 'add image member';
          // 409: it is one already.
          await change(id, { method: 'POST', below: '', json, operation, ok: [200, 409] }, signal);
        }
        for (const { memberId } of todo.remove) {
          const below = `/${encodeURIComponent(memberId)}`;
          const operation = 'remove image member';
          await change(id, { method: 'DELETE', below, operation, ok: [204, 404] }, signal);
        }
      } catch (error) {
        throw refineImageError(error);
      }
      for (const { memberId, status } of todo.setStatus) {
        const below = `/${encodeURIComponent(memberId)}`;
        const operation = 'set status of image member';
        try {
          await change(
            id,
            { method: 'PUT', below, json: { status }, operation, ok: [200] },
            signal,
          );
        } catch (error) {
          // Only an administrator may answer for another project; the caller sees what it stayed at.
          if (!hasStatus(error, 403)) throw error;
        }
      }
      const changes = todo.add.length + todo.remove.length + todo.setStatus.length;
      return changes === 0 ? held : listMembers(id, signal);
    },
  };
}

/** A new member is `pending` until someone says otherwise. */
function compareMembers(
  held: readonly ImageMember[],
  wished: readonly ImageMember[],
): Readonly<Record<'add' | 'remove' | 'setStatus', readonly ImageMember[]>> {
  const statuses = new Map(held.map((member) => [member.memberId, member.status]));
  const names = new Set(wished.map((member) => member.memberId));
  return {
    add: wished.filter((member) => !statuses.has(member.memberId)),
    remove: held.filter((member) => !names.has(member.memberId)),
    setStatus: wished.filter(
      (member) => (statuses.get(member.memberId) ?? 'pending') !== member.status,
    ),
  };
}
