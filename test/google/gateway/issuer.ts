import { generateKeyPairSync, sign } from 'node:crypto';
import type { Callers } from './callers.ts';

/** An issuer of tokens with a key of its own, whose public half is published. */
export class Issuer {
  readonly issuer: string;
  readonly #private;

  /** @param jwksUri where its keys are; where its OpenID configuration says when it is not given */
  constructor(callers: Callers, issuer: string, jwksUri: string = issuer) {
    // Short, since each test makes its own.
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    this.issuer = issuer;
    this.#private = privateKey;
    callers.published.set(jwksUri, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: '1', alg: 'RS256' }] });
  }

  /** A token of this issuer, valid for five minutes unless the claims say otherwise. */
  token(claims: Record<string, unknown>): string {
    const seconds = Math.floor(Date.now() / 1000);
    const all = { iss: this.issuer, sub: 'someone', iat: seconds, exp: seconds + 300, ...claims };
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const text = `${encode({ alg: 'RS256', typ: 'JWT', kid: '1' })}.${encode(all)}`;
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), this.#private).toString('base64url')}`;
  }
}
