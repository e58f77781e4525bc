import { z } from 'zod';

import type {
  BankVerification,
  BankView,
  InstallationView,
  Rebuild,
} from '../../service/bank-types.ts';
import type { ControllerService } from '../../service.ts';
import { route, type Route } from '../route.ts';

const reason = z.string().trim().min(3).max(1000).describe('Kept in the audit records for ever.');
const order = z.strictObject({ reason });
const fingerprint = z
  .string()
  .regex(
    /^sha256:[0-9a-f]{64}$/,
    'is no fingerprint: sha256: and 64 hexadecimal digits, as farshore bank key show prints them',
  );
const fingerprints = z.array(fingerprint).max(64);

const fault = z
  .object({ code: z.string(), subject: z.string(), message: z.string() })
  .meta({ id: 'BankFault' });

const bankView = z
  .object({
    region: z.string(),
    place: z.string().describe('Account and container.'),
    isOwn: z.boolean(),
    owner: z
      .object({
        format: z.literal(1),
        installation: z.string(),
        since: z.string(),
        former: z.array(
          z.object({ installation: z.string(), until: z.string(), reason: z.string() }),
        ),
      })
      .nullable(),
    fault: fault.nullable().describe('Why it is not known whose it is.'),
    groups: z.array(z.string()),
  })
  .meta({ id: 'Bank' }) satisfies z.ZodType<BankView>;

const verification = z
  .object({
    bank: bankView,
    groups: z.array(
      z.object({
        group: z.string(),
        points: z.number(),
        keys: z.array(z.string()),
        faults: z.array(fault),
      }),
    ),
    isWhole: z.boolean(),
  })
  .meta({ id: 'BankVerification' }) satisfies z.ZodType<BankVerification>;

const rebuild = z
  .object({
    bank: bankView,
    groups: z.array(
      z.object({
        group: z.string(),
        outcome: z.enum(['rebuilt', 'present', 'refused']),
        primary: z.string().nullable(),
        generation: z.number().nullable(),
        points: z.number(),
        damaged: z.number(),
        faults: z.array(fault),
        unasked: z.array(fault).describe('Regions that did not say whether they know better.'),
      }),
    ),
    isWhole: z.boolean(),
  })
  .meta({ id: 'BankRebuild' }) satisfies z.ZodType<Rebuild>;

const installation = z
  .object({
    id: z.string(),
    createdAt: z.string(),
    keys: z.array(
      z.object({ fingerprint: z.string(), publicKey: z.string(), isCurrent: z.boolean() }),
    ),
  })
  .meta({ id: 'Installation' }) satisfies z.ZodType<InstallationView>;

export function bankRoutes(service: ControllerService): readonly Route[] {
  return [...aboutBanks(service), ...aboutKeys(service)];
}

function aboutBanks(service: ControllerService): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/banks/{region}',
      id: 'getBank',
      summary: 'Whose the bank in a region is, and which groups it holds anything of',
      response: bankView,
      handle: async ({ params, signal }) => ({
        body: await service.banks.show(params['region'] ?? '', signal),
      }),
    }),
    route({
      method: 'post',
      path: '/banks/{region}/verify',
      id: 'verifyBank',
      summary: 'Reads every manifest: signatures, order, and whether the state agrees',
      body: z.strictObject({ trust: fingerprints.default([]) }),
      response: verification,
      handle: async ({ params, body, signal }) => ({
        body: await service.banks.verify(params['region'] ?? '', body.trust, signal),
      }),
    }),
    route({
      method: 'post',
      path: '/banks/{region}/adopt',
      id: 'adoptBank',
      summary: 'Takes the bank from the installation that has it, which is refused from then on',
      body: order,
      response: bankView,
      handle: async ({ params, body, signal }) => ({
        body: await service.banks.adopt(params['region'] ?? '', body, signal),
      }),
    }),
    route({
      method: 'post',
      path: '/banks/{region}/rebuild',
      id: 'rebuildFromBank',
      summary: 'Adopts the bank and brings into the state what it holds and the state has not',
      body: z.strictObject({
        reason,
        groups: z.array(z.string()).optional(),
        trust: fingerprints.default([]),
        acceptUnverified: z.boolean().default(false),
        acceptConflicts: z.boolean().default(false),
        replace: z.boolean().default(false),
      }),
      response: rebuild,
      handle: async ({ params, body, signal }) => {
        const { groups, ...rest } = body;
        const asked = groups === undefined ? rest : { ...rest, groups };
        return { body: await service.banks.rebuild(params['region'] ?? '', asked, signal) };
      },
    }),
  ];
}

function aboutKeys(service: ControllerService): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/installation',
      id: 'getInstallation',
      summary: 'The id that everything made by this Farshore bears, and its public keys',
      response: installation,
      handle: async () => ({ body: await service.banks.installation() }),
    }),
    route({
      method: 'post',
      path: '/installation/key/rotate',
      id: 'rotateKey',
      summary: 'A new key signs manifests from now on',
      body: order,
      response: installation,
      handle: async ({ body }) => ({ body: await service.banks.rotateKey(body) }),
    }),
    route({
      method: 'post',
      path: '/installation/key/export',
      id: 'exportKey',
      summary: 'The private key that signs manifests; audited',
      body: order,
      response: z.object({ fingerprint: z.string(), pem: z.string() }),
      handle: async ({ body }) => ({ body: await service.banks.exportKey(body) }),
    }),
  ];
}
