import { uploadImage } from './data/upload.ts';
import { downloadImage } from './data/download.ts';
import { importImage, stageImage } from './data/stage.ts';
import { type Action, hasBody } from './image-request.ts';
import { createImage } from './images/new-image.ts';
import { deactivateImage, deleteImage, reactivateImage, showImage } from './images/one-image.ts';
import { addTag, removeTag } from './images/tags.ts';
import { updateImage } from './images/update-image.ts';
import {
  createTask,
  listTasks,
  oneTask,
  showImportMethods,
  showSchema,
  showStores,
  showUsage,
} from './info.ts';
import { listImages } from './list/list-images.ts';
import {
  addMember,
  answerForMember,
  listMembers,
  removeMember,
  showMember,
} from './members/members.ts';
import type { Call } from '../http/call.ts';
import { badRequest, methodNotAllowed, notFound, notImplemented } from './replies/image-refusal.ts';

type Methods = Readonly<Record<string, Action>>;

/** Paths below `/v2/`, the parts in braces being any one part that is not empty. */
const routes: readonly (readonly [path: string, methods: Methods])[] = [
  ['schemas/{schema}', { GET: showSchema }],
  ['images', { GET: listImages, POST: createImage }],
  ['images/{image_id}', { GET: showImage, PATCH: updateImage, DELETE: deleteImage }],
  ['images/{image_id}/file', { GET: downloadImage, PUT: uploadImage }],
  ['images/{image_id}/stage', { PUT: stageImage }],
  ['images/{image_id}/import', { POST: importImage }],
  ['images/{image_id}/actions/deactivate', { POST: deactivateImage }],
  ['images/{image_id}/actions/reactivate', { POST: reactivateImage }],
  ['images/{image_id}/tags/{tag}', { PUT: addTag, DELETE: removeTag }],
  ['images/{image_id}/members', { GET: listMembers, POST: addMember }],
  [
    'images/{image_id}/members/{member_id}',
    { GET: showMember, PUT: answerForMember, DELETE: removeMember },
  ],
  ['tasks', { GET: listTasks, POST: createTask }],
  ['tasks/{task_id}', { GET: oneTask, DELETE: oneTask }],
  ['info/import', { GET: showImportMethods }],
  ['info/stores', { GET: showStores }],
  ['info/stores/detail', { GET: showStores }],
  ['info/usage', { GET: showUsage }],
];

const table = routes.map(([path, methods]) => ({ pattern: path.split('/'), methods }));

const withBody: ReadonlySet<Action> = new Set([
  createImage,
  updateImage,
  uploadImage,
  stageImage,
  importImage,
  addMember,
  answerForMember,
  createTask,
]);

const implemented: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH']);

export interface Found {
  readonly action: Action;
  readonly parts: Readonly<Record<string, string>>;
}

/** Throws a refusal of 404, 405, 501, or 400 for a body that nobody reads. */
export function route(call: Call, path: readonly string[]): Found {
  for (const { pattern, methods } of table) {
    const parts = matched(pattern, path);
    if (parts === undefined) continue;
    const action = Object.hasOwn(methods, call.method) ? methods[call.method] : undefined;
    if (action === undefined) throw methodNotAllowed(call.method, Object.keys(methods).join(', '));
    if (!withBody.has(action) && hasBody(call))
      throw badRequest('A body is not expected with this request.');
    return { action, parts };
  }
  throw implemented.has(call.method) ? notFound() : notImplemented(call.method);
}

function matched(
  pattern: readonly string[],
  path: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (pattern.length !== path.length) return undefined;
  const parts: (readonly [string, string])[] = [];
  for (const [at, expected] of pattern.entries()) {
    const given = path[at] ?? '';
    if (!expected.startsWith('{')) {
      if (given !== expected) return undefined;
    } else if (given === '') return undefined;
    else parts.push([expected.slice(1, -1), given]);
  }
  return Object.fromEntries(parts);
}
