import { randomBytes } from 'node:crypto';
import type { Surface } from '../fakes/clouds/loopback.ts';
import { expired, refused, unauthenticated, wrongAudience } from './arm-error.ts';
import type { AzureContext } from './context.ts';
import type { Principal } from './iam.ts';

export const armAudiences = ['https://management.azure.com', 'https://management.core.windows.net'];
export const storageAudiences = ['https://storage.azure.com'];
export const insightsAudiences = ['https://api.applicationinsights.io'];

interface Token {
  principal: Principal;
  audience: string;
  /** ms since 1970. */
  until: number;
}

/** The tokens that stand for principals: in the form of a JWT, with no signature that anybody checks. */
export class Tokens {
  readonly #context: AzureContext;
  readonly #tokens = new Map<string, Token>();

  constructor(context: AzureContext) {
    this.#context = context;
  }

  /** A new token. */
  give(principal: Principal, resource: string): { token: string; until: number } {
    const audience = resource.replace(/\/+$/, '');
    const { tenant, knobs } = this.#context;
    const now = this.#context.now().getTime();
    const until = now + knobs.tokenSeconds * 1000;
    const claims = {
      ...{ aud: resource, iss: `https://sts.windows.net/${tenant}/`, oid: principal.oid, sub: principal.oid },
      ...{ appid: principal.clientId, tid: tenant, ver: '1.0', idtyp: 'app' },
      ...{ iat: Math.floor(now / 1000), nbf: Math.floor(now / 1000), exp: Math.floor(until / 1000) },
    };
    const text = [{ alg: 'RS256', typ: 'JWT' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const token = `${text}.${randomBytes(16).toString('base64url')}`;
    this.#tokens.set(token, { principal, audience, until });
    return { token, until };
  }

  /** Whom an Authorization header stands for. Throws ArmError. */
  principalOf(authorization: string | undefined, audiences: readonly string[]): Principal {
    const found = this.#tokens.get(/^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '');
    if (!found) throw unauthenticated();
    if (!audiences.includes(found.audience)) throw wrongAudience(found.audience);
    if (found.until <= this.#context.now().getTime()) throw expired();
    return found.principal;
  }

  /** Every token that was given out is worth nothing from now on. */
  expire(): void {
    for (const one of this.#tokens.values()) one.until = 0;
  }
}

/** Managed identities by the secret of the machine that asks for one. */
export type Identities = ReadonlyMap<string, (clientId: string | undefined) => Principal | undefined>;

/**
 * What IDENTITY_ENDPOINT names on App Service, and what @azure/identity asks there:
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
 */
export function identitySurface(context: AzureContext, identities: Identities): Surface {
  return {
    name: 'IDENTITY',
    async serve({ method, url, headers }) {
      const json = { 'content-type': 'application/json' };
      const resource = url.searchParams.get('resource') ?? '';
      const clientId = url.searchParams.get('client_id') ?? undefined;
      const of = identities.get(String(headers['x-identity-header'] ?? ''));
      const isAsked = method === 'GET' && url.searchParams.get('api-version') === '2019-08-01' && resource !== '';
      const principal = isAsked ? of?.(clientId) : undefined;
      if (!principal) {
        const { status, body } = refused(400, 'invalid_request', 'No Managed Identity found for specified ClientId.');
        return { status, headers: json, body: JSON.stringify(body) };
      }
      const { token, until } = context.tokens.give(principal, resource);
      const answer = {
        access_token: token,
        expires_on: String(Math.floor(until / 1000)),
        resource,
        token_type: 'Bearer',
      };
      return { status: 200, headers: json, body: JSON.stringify({ ...answer, client_id: principal.clientId }) };
    },
  };
}
