import { z } from 'zod';

const named = z.object({ id: z.string(), name: z.string() });

/** The parts of Keystone's token document that are used (`POST /v3/auth/tokens`). */
const tokenDocument = z.object({
  token: z.object({
    issued_at: z.string(),
    expires_at: z.string(),
    user: named,
    project: named.extend({ domain: named }),
    catalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(
            z.object({
              interface: z.string(),
              region: z.string().nullish(),
              region_id: z.string().nullish(),
              url: z.string(),
            }),
          ),
        }),
      )
      .default([]),
  }),
});

export type Catalogue = z.infer<typeof tokenDocument>['token']['catalog'];

export interface IssuedToken {
  /** The token itself: never in logs or errors. */
  readonly secret: string;
  /** By Keystone's own clock, so that ours may be wrong. */
  readonly lifeMs: number;
  /** On our monotonic clock. */
  readonly receivedMs: number;
  readonly user: { readonly id: string; readonly name: string };
  readonly project: {
    readonly id: string;
    readonly name: string;
    readonly domain: { readonly id: string };
  };
  readonly catalogue: Catalogue;
}

/** Undefined when the answer is not a project-scoped token. */
export function parseToken(
  secret: string | undefined,
  body: unknown,
  receivedMs: number,
): IssuedToken | undefined {
  const parsed = tokenDocument.safeParse(body);
  if (!parsed.success || secret === undefined) return undefined;
  const { issued_at, expires_at, user, project, catalog } = parsed.data.token;
  const lifeMs = Date.parse(expires_at) - Date.parse(issued_at);
  if (Number.isNaN(lifeMs)) return undefined;
  return { secret, lifeMs, receivedMs, user, project, catalogue: catalog };
}

const renewAtMostMs = 5 * 60_000;

/** Milliseconds until the token ends; negative afterwards. */
export function leftMs(token: IssuedToken, nowMs: number): number {
  return token.receivedMs + token.lifeMs - nowMs;
}

/** Renewed when under five minutes, or a fifth of a short life, is left. */
export function isDue(token: IssuedToken, nowMs: number): boolean {
  return leftMs(token, nowMs) < Math.min(renewAtMostMs, token.lifeMs / 5);
}
