import type { Reply } from '../http/reply.ts';
import { accountReply } from './account/account.ts';
import { containerReply } from './container/container.ts';
import { copyAsPut, copyObject } from './object/copy.ts';
import { deleteObject } from './object/delete.ts';
import { postObject } from './object/post.ts';
import { putObject } from './object/put.ts';
import { readObject } from './object/read.ts';
import { optionsReply } from './options.ts';
import { page } from './refusals.ts';
import type { Core, Request } from './request.ts';

export const accountMethods = ['POST', 'OPTIONS', 'GET', 'HEAD'];
export const usualMethods = ['POST', 'DELETE', 'OPTIONS', 'GET', 'PUT', 'HEAD'];

/** Carries a request out; steps of another one too. Throws Refusals. */
export async function perform(core: Core, request: Request): Promise<Reply> {
  const { method, container, object } = request;
  const allowed = container === '' ? accountMethods : usualMethods;
  const isCopy = method === 'COPY' && object !== '';
  if (!allowed.includes(method) && !isCopy) throw page(405, '', { allow: allowed.join(', ') });
  if (method === 'OPTIONS') return optionsReply(core, request, allowed);
  if (container === '') return accountReply(core, request);
  if (object === '') return containerReply(core, request);
  return objectReply(core, isCopy ? copyAsPut(request) : request);
}

function objectReply(core: Core, request: Request): Promise<Reply> {
  switch (request.method) {
    case 'PUT':
      return (request.headers['x-copy-from'] ?? '') === ''
        ? putObject(core, request)
        : copyObject(core, request);
    case 'POST':
      return postObject(core, request);
    case 'DELETE':
      return deleteObject(core, request);
    default:
      return readObject(core, request);
  }
}
