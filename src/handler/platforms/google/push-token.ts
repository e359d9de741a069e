import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { defaultLimits } from '../../readers/limits.ts';
import { persist } from '../../readers/persist.ts';
import { endpointProblem } from '../../readers/source.ts';
import { send } from '../../readers/transport.ts';
import { SettingsError, type Variables } from '../../settings.ts';

/** Why a token is not taken; undefined where it is. Rejects where Google's keys cannot be read. */
export type CheckToken = (authorization: string | null) => Promise<string | undefined>;

/** Whom pushes have to come from. */
export interface Pusher {
  /** Its service account. */
  email: string;
  /** What its tokens are made for. Without it Cloud Run checks that, and hands tokens on without their signature. */
  audience: string | undefined;
}

/** https://developers.google.com/identity/openid-connect/openid-connect#discovery */
const certificates = 'https://www.googleapis.com/oauth2/v3/certs';
const issuers: ReadonlySet<unknown> = new Set(['https://accounts.google.com', 'accounts.google.com']);
/** How far two clocks may be apart, s. */
const skew = 300;
/** Keys are published long before they sign. ms */
const keepMs = 3_600_000;
/** What Cloud Run puts in place of a signature that it has checked. */
const removed = 'SIGNATURE_REMOVED_BY_GOOGLE';

/**
 * Checks tokens that Google signs for a service account: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions.
 * GOOGLE_OAUTH2_CERTS_URL names another place of their keys. Throws SettingsError where that is none.
 */
export function createTokenCheck({ email, audience }: Pusher, variables: Variables, now = Date.now): CheckToken {
  const keys = new Certificates(variables);
  return async (authorization) => {
    const [, token = ''] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '') ?? [];
    const [head = '', body = '', signature = ''] = token.split('.');
    const [{ alg, kid }, claims] = [fieldsOf(head), fieldsOf(body)];
    const isChecked = signature === removed && audience === undefined;
    if (!isChecked && !(alg === 'RS256' && (await isSigned(keys, String(kid), `${head}.${body}`, signature)))) {
      return 'no token that Google has signed';
    }
    const seconds = now() / 1000;
    const isOfNow = Number(claims['exp']) > seconds - skew && Number(claims['iat']) < seconds + skew;
    if (!issuers.has(claims['iss']) || !isOfNow) return 'a token that is not valid now';
    if (audience !== undefined && claims['aud'] !== audience) return 'a token for someone else';
    const isThem = claims['email'] === email && claims['email_verified'] === true;
    return isThem ? undefined : 'a token of another account';
  };
}

async function isSigned(keys: Certificates, kid: string, text: string, signature: string): Promise<boolean> {
  const key = await keys.find(kid);
  return key !== undefined && verify('RSA-SHA256', Buffer.from(text), key, Buffer.from(signature, 'base64url'));
}

function fieldsOf(part: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(Buffer.from(part, 'base64url').toString())) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Google's public keys by their id: read again where one is not known, and not more often than once a minute. */
class Certificates {
  readonly #url: URL;
  #keys = new Map<string, KeyObject>();
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(variables: Variables) {
    const text = variables['GOOGLE_OAUTH2_CERTS_URL'] || certificates;
    const problem = endpointProblem(text);
    if (problem) throw new SettingsError([`GOOGLE_OAUTH2_CERTS_URL: ${problem}.`]);
    this.#url = new URL(text);
  }

  async find(kid: string): Promise<KeyObject | undefined> {
    const age = performance.now() - this.#readAt;
    if (age > keepMs || (!this.#keys.has(kid) && age > 60_000)) await this.#read();
    return this.#keys.get(kid);
  }

  async #read(): Promise<void> {
    const request = { method: 'GET', origin: this.#url, path: this.#url.pathname, headers: {} } as const;
    const answer = await persist(() => send(request), defaultLimits);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`Google's keys cannot be read: ${answer.status}.`);
    const { keys = [] } = JSON.parse(text) as { keys?: (JsonWebKey & { kid?: string })[] };
    this.#keys = new Map(keys.map((jwk) => [String(jwk.kid), createPublicKey({ key: jwk, format: 'jwk' })]));
    this.#readAt = performance.now();
  }
}
