import { LoadError } from '../../model/load-error.ts';
import { textFields } from './endpoint.ts';
import type { Bearer } from './renewed.ts';

/** A token as OAuth 2.0 answers it (RFC 6749, section 5.1), its life counted from now. */
export function readToken(name: string, json: string, now: number): Bearer {
  const { access_token, expires_in } = textFields(name, json, ['access_token', 'expires_in']);
  const seconds = Number(expires_in);
  if (!(seconds > 0)) throw new LoadError('store-denied', `${name} answered a token that has no time left.`);
  return { token: access_token, expiresAt: now + seconds * 1000 };
}
