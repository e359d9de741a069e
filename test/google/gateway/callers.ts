import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import type { GoogleContext } from '../context.ts';

/** An API key, and the project whose key it is. */
export interface ApiKey {
  keyString: string;
  project: string;
  /** Managed services that it is for; any without it. */
  services: string[] | undefined;
}

/** What the gateway itself answers: its code, and its words. */
export class GatewayRefusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What callers present, and the public keys that issuers publish at their addresses. */
export class Callers {
  readonly keys: ApiKey[] = [];
  /** JWKS documents by address; OpenID configurations name them. */
  readonly published = new Map<string, { keys: Fields[] }>();
  readonly #context: GoogleContext;

  constructor(context: GoogleContext) {
    this.#context = context;
  }

  /** The consumer project of a key. Throws GatewayRefusal. */
  projectOf(given: string | undefined, managedService: string): string {
    if (!given) {
      throw new GatewayRefusal(
        401,
        "UNAUTHENTICATED:Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
      );
    }
    const key = this.keys.find(({ keyString }) => keyString === given);
    if (!key) throw new GatewayRefusal(400, 'INVALID_ARGUMENT:API key not valid. Please pass a valid API key.');
    if (this.#context.disabled.has(managedService)) {
      throw new GatewayRefusal(403, `PERMISSION_DENIED:API ${managedService} is not enabled for the project.`);
    }
    if (key.services && !key.services.includes(managedService)) {
      throw new GatewayRefusal(403, 'PERMISSION_DENIED:The API targets of the key do not include this service.');
    }
    return key.project;
  }

  /** The claims of a bearer's token, as text. Throws GatewayRefusal. */
  claimsOf(authorization: string | undefined, auth: Fields, managedService: string): string {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new GatewayRefusal(401, 'Jwt is missing');
    const [head = '', payload = '', signature = ''] = token.split('.');
    const header = decode(head);
    const claims = decode(payload);
    if (claims['iss'] !== auth['issuer']) throw new GatewayRefusal(401, 'Jwt issuer is not configured');
    const key = this.#keyOf(auth, String(header['kid']));
    const signed = Buffer.from(`${head}.${payload}`);
    const isSigned = key && verify('RSA-SHA256', signed, key, Buffer.from(signature, 'base64url'));
    if (!isSigned || header['alg'] !== 'RS256') throw new GatewayRefusal(401, 'Jwt verification fails');
    if (Number(claims['exp']) * 1000 < this.#context.now().getTime()) throw new GatewayRefusal(401, 'Jwt is expired');
    const audiences = (auth['audiences'] as string[] | undefined) ?? [`https://${managedService}`];
    const given = [claims['aud']].flat().map(String);
    if (!given.some((one) => audiences.includes(one)))
      throw new GatewayRefusal(403, 'Audiences in Jwt are not allowed');
    return payload;
  }

  #keyOf({ issuer, jwksUri }: Fields, kid: string): KeyObject | undefined {
    const published = this.published.get(String(jwksUri ?? issuer));
    if (!published) throw new GatewayRefusal(401, 'Jwks remote fetch is failed');
    const key = published.keys.find((one) => one['kid'] === kid);
    return key && createPublicKey({ key: key as never, format: 'jwk' });
  }
}

function decode(part: string): Fields {
  try {
    return fieldsOf(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  } catch {
    throw new GatewayRefusal(401, 'Jwt is not in the form of Header.Payload.Signature');
  }
}
