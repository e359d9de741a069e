import { generateKeyPairSync, sign } from 'node:crypto';
import { LoopbackServer } from '../../fakes/clouds/loopback.ts';

/** An issuer of tokens on an address of its own: OpenID configuration, keys, tokens. */
export class Issuer {
  readonly #server: LoopbackServer;
  readonly #private;

  private constructor(server: LoopbackServer, key: ReturnType<typeof generateKeyPairSync>['privateKey']) {
    this.#server = server;
    this.#private = key;
  }

  static async open(): Promise<Issuer> {
    // Short, since each test makes its own.
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: '1', alg: 'RS256', use: 'sig' }];
    const server: LoopbackServer = await LoopbackServer.open(async ({ url = '' }, response) => {
      const isConfiguration = url === '/.well-known/openid-configuration';
      const body = isConfiguration ? { issuer: `${server.url}/`, jwks_uri: `${server.url}/keys` } : { keys };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    return new Issuer(server, privateKey);
  }

  get configuration(): string {
    return `${this.#server.url}/.well-known/openid-configuration`;
  }

  /** A token of this issuer, valid for five minutes unless the claims say otherwise. */
  token(claims: Record<string, unknown>): string {
    const seconds = Math.floor(Date.now() / 1000);
    const all = { iss: `${this.#server.url}/`, sub: 'someone', iat: seconds, exp: seconds + 300, ...claims };
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const text = `${encode({ alg: 'RS256', typ: 'JWT', kid: '1' })}.${encode(all)}`;
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), this.#private).toString('base64url')}`;
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}
