import type { JsonSchema } from './json-schema.ts';
import { imageSchema, uuidPattern } from './image-schema.ts';

const text: JsonSchema = { type: 'string' };

const memberSchema: JsonSchema = {
  name: 'member',
  properties: {
    member_id: { ...text, description: 'Project that the image is shared with' },
    image_id: { ...text, pattern: uuidPattern, description: 'The shared image' },
    created_at: { ...text, description: 'When it was shared' },
    updated_at: { ...text, description: 'When the sharing last changed' },
    status: {
      ...text,
      enum: ['pending', 'accepted', 'rejected'],
      description: 'What the project says to it',
    },
    schema: { ...text, readOnly: true },
  },
};

const describedBy = { rel: 'describedby', href: '{schema}' };

/** What `/v2/schemas/` has, by its last part. */
export const servedSchemas: ReadonlyMap<string, JsonSchema> = new Map([
  ['image', imageSchema],
  [
    'images',
    {
      name: 'images',
      properties: {
        images: { type: 'array', items: imageSchema },
        first: text,
        next: text,
        schema: text,
      },
      links: [{ rel: 'first', href: '{first}' }, { rel: 'next', href: '{next}' }, describedBy],
    },
  ],
  ['member', memberSchema],
  [
    'members',
    {
      name: 'members',
      properties: { members: { type: 'array', items: memberSchema }, schema: text },
      links: [describedBy],
    },
  ],
]);
