import { jsonReply, type Reply } from '../http/reply.ts';
import type { ImageRequest } from './image-request.ts';
import { forbidden, notFound } from './replies/image-refusal.ts';
import { servedSchemas } from './schema/served-schemas.ts';

export const importMethods = ['glance-direct', 'web-download', 'copy-image'] as const;

/** GET /v2/info/import */
export function showImportMethods(): Promise<Reply> {
  const methods = { description: 'Import methods available.', type: 'array', value: importMethods };
  return Promise.resolve(jsonReply(200, { 'import-methods': methods }));
}

/** GET /v2/info/stores, and its details: there is one store, without a name. */
export function showStores(): Promise<Reply> {
  return Promise.reject(notFound('Multi backend is not supported at this site.'));
}

/** GET /v2/info/usage: no quota is kept. */
export function showUsage(): Promise<Reply> {
  return Promise.resolve(jsonReply(200, { usage: {} }));
}

/** GET /v2/schemas/{schema} */
export function showSchema({ parts }: ImageRequest): Promise<Reply> {
  const schema = servedSchemas.get(parts.schema ?? '');
  return schema === undefined
    ? Promise.reject(notFound())
    : Promise.resolve(jsonReply(200, schema));
}

/** /v2/tasks: for administrators, who find none. */
export function listTasks({ isAdmin }: ImageRequest): Promise<Reply> {
  if (!isAdmin) return Promise.reject(tasksRefused());
  const body = { tasks: [], first: '/v2/tasks', schema: '/v2/schemas/tasks' };
  return Promise.resolve(jsonReply(200, body));
}

export function oneTask({ isAdmin, parts }: ImageRequest): Promise<Reply> {
  const refusal = isAdmin ? notFound(`Could not find task ${parts.task_id ?? ''}`) : tasksRefused();
  return Promise.reject(refusal);
}

export function createTask(): Promise<Reply> {
  return Promise.reject(tasksRefused());
}

function tasksRefused(): Error {
  return forbidden('You are not authorized to complete tasks_api_access action.');
}
