import { z } from 'zod';

import { staleHeader } from './freshness.ts';
import { problemSchema } from './problem.ts';
import type { Route } from './route.ts';

type Json = Record<string, unknown>;

/** OpenAPI 3.1, made from the very schemas that check the requests. */
export function openApi(routes: readonly Route[], version: string): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const operations = (paths[`/v1${route.path}`] ??= {});
    operations[route.method] = operation(route, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Farshore',
      version,
      description: 'Cross-region replication and disaster recovery for OpenStack.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: { schemas },
  };
}

function operation(route: Route, schemas: Json): Json {
  const answer =
    route.response === null
      ? {}
      : content('application/json', schema(route.response, 'output', schemas));
  return {
    operationId: route.id,
    summary: route.summary,
    parameters: [
      ...pathParameters(route.path),
      ...parameters('query', route.query, schemas),
      ...parameters('header', route.headers, schemas),
    ],
    ...(route.body === null
      ? {}
      : {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            ...content('application/json', schema(route.body, 'input', schemas)),
          },
        }),
    responses: {
      [route.status]: { description: 'Done', ...headers(route), ...answer },
      default: {
        description: 'Not done',
        ...content('application/problem+json', schema(problemSchema, 'output', schemas)),
      },
    },
  };
}

function headers({ method }: Route): Json {
  if (method !== 'get') return {};
  const description =
    'Only while no majority of the sites answers: how many seconds old the answer is, at most.';
  return { headers: { [staleHeader]: { description, schema: { type: 'integer' } } } };
}

function content(type: string, body: Json): Json {
  return { content: { [type]: { schema: body } } };
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function parameters(place: 'query' | 'header', fields: z.ZodObject, schemas: Json): Json[] {
  return Object.entries(fields.shape).map(([name, field]) => ({
    name,
    in: place,
    required: !(field as z.ZodType).safeParse(undefined).success,
    schema: schema(field as z.ZodType, 'input', schemas),
  }));
}

/** Schemas with an id go to the components, once, and are referred to. */
function schema(type: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const root = z.object({ root: type });
  const json = z.toJSONSchema(root, { io, unrepresentable: 'any' });
  const moved = JSON.parse(
    JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/'),
  ) as { properties: { root: Json }; $defs?: Json };
  Object.assign(schemas, moved.$defs);
  return inline(moved.properties.root, schemas);
}

/** A named schema that stands alone at the root is not in $defs: name it here. */
function inline(json: Json, schemas: Json): Json {
  const { id, ...rest } = json;
  if (typeof id !== 'string') return json;
  schemas[id] = rest;
  return { $ref: `#/components/schemas/${id}` };
}
