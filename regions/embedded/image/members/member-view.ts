import type { MemberRow } from '../records/image-row.ts';

export function memberView(imageId: string, member: MemberRow): Record<string, unknown> {
  return { ...member, image_id: imageId, schema: '/v2/schemas/member' };
}
