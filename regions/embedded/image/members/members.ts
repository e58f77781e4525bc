import { jsonReply, type Reply } from '../../http/reply.ts';
import { type ImageRequest, jsonOf, part } from '../image-request.ts';
import { isOwner, requireVisible } from '../records/access.ts';
import type { ImageRow, MemberRow } from '../records/image-row.ts';
import type { ImageStore } from '../records/image-store.ts';
import { requireMemberCount, requireStorable } from '../records/limits.ts';
import { badRequest, conflict, forbidden, notFound } from '../replies/image-refusal.ts';
import { isObject } from '../schema/is-object.ts';
import { memberView } from './member-view.ts';

const onlyShared = 'Only shared images have members.';
const longestMemberId = 255;

/** GET /v2/images/{image_id}/members: the owner sees all of them, a member itself. */
export async function listMembers(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const row = await visibleRow(request, store);
  if (row.visibility !== 'shared')
    throw forbidden(`Not allowed to list members for image ${row.id}: ${onlyShared}`);
  const members = seenMembers(request, row).map((member) => memberView(row.id, member));
  return jsonReply(200, { members, schema: '/v2/schemas/members' });
}

/** GET /v2/images/{image_id}/members/{member_id} */
export async function showMember(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const row = await visibleRow(request, store);
  if (row.visibility !== 'shared') throw notFound(onlyShared);
  return jsonReply(200, memberView(row.id, seenMember(request, row)));
}

/** POST /v2/images/{image_id}/members: a new member is `pending`. */
export async function addMember(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const memberId = await newMemberId(request);
  const id = part(request, 'image_id');
  const now = store.now();
  const member: MemberRow = {
    member_id: memberId,
    status: 'pending',
    created_at: now,
    updated_at: now,
  };
  await store.change(id, (row) => {
    requireVisible(request, row, id, `Image ${id} not found.`);
    if (row.visibility !== 'shared' || !isOwner(request, row))
      throw forbidden(`Not allowed to create members for image ${id}.`);
    requireMemberCount(id, row.members.length + 1);
    if (row.members.some(({ member_id }) => member_id === memberId))
      throw conflict(`Member ${memberId} is duplicated for image ${id}`);
    return { ...row, members: [...row.members, member] };
  });
  return jsonReply(200, memberView(id, member));
}

/** PUT /v2/images/{image_id}/members/{member_id}: the member's own answer, or an administrator's. */
export async function answerForMember(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const given = await givenStatus(request);
  const id = part(request, 'image_id');
  const memberId = part(request, 'member_id');
  const changed = await store.change(id, (row) => {
    requireVisible(request, row, id, `Image ${id} not found.`);
    const mayNot = !request.isAdmin && isOwner(request, row);
    if (row.visibility !== 'shared' || mayNot)
      throw forbidden(`Not allowed to update members for image ${id}.`);
    const member = {
      ...seenMember(request, row),
      status: statusOf(given),
      updated_at: store.now(),
    };
    const isIt = (each: MemberRow): boolean => each.member_id === memberId;
    return { ...row, members: row.members.map((each) => (isIt(each) ? member : each)) };
  });
  return jsonReply(200, memberView(id, seenMember(request, changed)));
}

/** DELETE /v2/images/{image_id}/members/{member_id} */
export async function removeMember(request: ImageRequest, store: ImageStore): Promise<Reply> {
  const id = part(request, 'image_id');
  await store.change(id, (row) => {
    requireVisible(request, row, id, `Image ${id} not found.`);
    if (row.visibility !== 'shared' || !isOwner(request, row))
      throw forbidden(`Not allowed to delete members for image ${id}.`);
    const { member_id } = seenMember(request, row);
    return { ...row, members: row.members.filter((each) => each.member_id !== member_id) };
  });
  return { status: 204 };
}

async function visibleRow(request: ImageRequest, store: ImageStore): Promise<ImageRow> {
  const id = part(request, 'image_id');
  const row = await store.get(id);
  requireVisible(request, row, id, `Image ${id} not found.`);
  return row;
}

function seenMembers(request: ImageRequest, row: ImageRow): readonly MemberRow[] {
  if (isOwner(request, row)) return row.members;
  return row.members.filter(({ member_id }) => member_id === request.owner);
}

function seenMember(request: ImageRequest, row: ImageRow): MemberRow {
  const memberId = part(request, 'member_id');
  const member = seenMembers(request, row).find(({ member_id }) => member_id === memberId);
  if (member !== undefined) return member;
  throw notFound(`${memberId} not found in the member list of the image ${row.id}.`);
}

/** No project needs to have it. */
async function newMemberId({ call }: ImageRequest): Promise<string> {
  const body = await jsonOf(call);
  const form = 'Expected a member in the form: {"member": "image_id"}';
  if (!isObject(body)) throw badRequest(form);
  const { member } = body;
  if (member === undefined) throw badRequest('Member to be added not specified');
  if (!member) throw badRequest("Member can't be empty");
  const id = typeof member === 'string' ? member : JSON.stringify(member);
  if (typeof member === 'object' || id.length > longestMemberId) throw badRequest(form);
  requireStorable({ member: id });
  return id;
}

async function givenStatus({ call }: ImageRequest): Promise<unknown> {
  const body = await jsonOf(call);
  if (!isObject(body)) throw badRequest('Expected a status in the form: {"status": "status"}');
  if (!Object.hasOwn(body, 'status')) throw badRequest('Status not specified');
  return body.status;
}

function statusOf(given: unknown): MemberRow['status'] {
  if (given === 'pending' || given === 'accepted' || given === 'rejected') return given;
  throw badRequest('Incorrect request: Status must be "pending", "accepted" or "rejected".');
}
