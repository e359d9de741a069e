import { createHash, generateKeyPairSync, type KeyPairKeyObjectResult, randomBytes, sign } from 'node:crypto';

/** A token that was given out. */
export interface Token {
  principal: string;
  kind: 'access' | 'id';
  /** Of an ID token. */
  audience?: string;
}

interface Grant {
  principal: string;
  permissions: ReadonlySet<string> | 'all';
  /** Full name of a resource, or its beginning up to a slash; `*` is everything. */
  resource: string;
  /** Decisions that do not see it yet. */
  unseen: number;
  /** Taken back, and still seen by `unseen` decisions. */
  ending: boolean;
}

export const everyone = 'allUsers';

/** Who has which permission on what: principals, grants that take effect late, and the tokens that stand for principals. */
export class Iam {
  readonly #grants: Grant[] = [];
  readonly #tokens = new Map<string, Token>();
  readonly #lag: () => number;
  /** Permissions that nobody has. */
  readonly denied = new Set<string>();
  /** Cloud Run's service agent, which reads sources and images. */
  readonly serviceAgent: string;
  /** What a revision without an account of its own runs as. */
  readonly computeAccount: string;

  constructor(projectNumber: string, lag: () => number) {
    this.serviceAgent = `service-${projectNumber}@serverless-robot-prod.iam.gserviceaccount.com`;
    this.computeAccount = `${projectNumber}-compute@developer.gserviceaccount.com`;
    this.#lag = lag;
  }

  /** Gives permissions; a change of a policy is seen late when `policyLag` says so. */
  grant(principal: string, permissions: readonly string[] | 'all', resource = '*', lag = this.#lag()): void {
    const all = permissions === 'all' ? permissions : new Set(permissions);
    this.#grants.push({ principal, permissions: all, resource, unseen: lag, ending: false });
  }

  /** Takes back all that a principal was given on exactly this resource. */
  revoke(principal: string, resource = '*', lag = this.#lag()): void {
    for (const grant of this.#grants) {
      if (grant.principal !== principal || grant.resource !== resource) continue;
      grant.ending = true;
      grant.unseen = lag;
    }
  }

  allows(principal: string, permission: string, resource: string): boolean {
    const seen = this.#grants.filter(isSeen);
    if (this.denied.has(permission)) return false;
    return seen.some(
      (grant) =>
        (grant.principal === principal || grant.principal === everyone) &&
        (grant.permissions === 'all' || grant.permissions.has(permission)) &&
        covers(grant.resource, resource),
    );
  }

  /** A new access token of a principal. */
  accessToken(principal: string): string {
    return this.#give(`ya29.${randomBytes(24).toString('base64url')}`, { principal, kind: 'access' });
  }

  /** A new ID token of an account, in the form of a JWT, signed by a key that `certificates` has. */
  idToken(email: string, audience: string, now: Date): string {
    const seconds = Math.floor(now.getTime() / 1000);
    const claims = { iss: 'https://accounts.google.com', aud: audience, email, email_verified: true };
    const subject = createHash('sha256').update(email).digest('hex').slice(0, 21);
    const parts = [
      { alg: 'RS256', typ: 'JWT', kid: keyId },
      { ...claims, sub: subject, iat: seconds, exp: seconds + 3600 },
    ];
    const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    const signature = sign('RSA-SHA256', Buffer.from(text), keyPair().privateKey).toString('base64url');
    return this.#give(`${text}.${signature}`, { principal: email, kind: 'id', audience });
  }

  /** Keys that sign ID tokens: https://www.googleapis.com/oauth2/v3/certs */
  get certificates(): object {
    return { keys: [{ ...keyPair().publicKey.export({ format: 'jwk' }), kid: keyId, alg: 'RS256', use: 'sig' }] };
  }

  /** Whom the token of an Authorization header stands for. */
  tokenOf(authorization: string | undefined): Token | undefined {
    return this.#tokens.get(/^Bearer (\S+)$/i.exec(authorization ?? '')?.[1] ?? '');
  }

  /** Every token that was given out is worth nothing from now on. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  #give(token: string, record: Token): string {
    this.#tokens.set(token, record);
    return token;
  }
}

const keyId = 'f1a5c0de';
let pair: KeyPairKeyObjectResult | undefined;

/** One for all of a process: making it takes its time. */
function keyPair(): KeyPairKeyObjectResult {
  pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 });
  return pair;
}

/** A grant that is not seen yet counts one decision down; one that ends is seen until then. */
function isSeen(grant: Grant): boolean {
  if (grant.unseen === 0) return !grant.ending;
  grant.unseen--;
  return grant.ending;
}

const covers = (granted: string, resource: string): boolean =>
  granted === '*' || granted === resource || resource.startsWith(granted.endsWith('/') ? granted : `${granted}/`);
