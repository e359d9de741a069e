import { addressFrom } from './addresses.ts';

/** Who asks a registry: a name and a password, which may be a token. */
export interface RegistryLogin {
  username: string;
  password: string;
}

const basic = ({ username, password }: RegistryLogin): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** `Bearer realm="…",service="…",scope="…"`. */
export function readChallenge(header: string): { scheme: string; fields: Record<string, string> } {
  const [, scheme = '', rest = ''] = /^\s*(\w+)\s*(.*)$/.exec(header) ?? [];
  const fields = [...rest.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]);
  return { scheme: scheme.toLowerCase(), fields: Object.fromEntries(fields) as Record<string, string> };
}

export interface TokenRequest {
  /** `WWW-Authenticate` of the refusal. */
  challenge: string;
  requested: URL;
  /** What is wanted where the challenge does not say. */
  scope: string;
  /** Nothing for images that everybody may pull. */
  login: RegistryLogin | undefined;
  send(url: URL, headers: Record<string, string>): Promise<Response>;
}

/**
 * The value of `Authorization` that the registry asks for; nothing where it asks for none that we have. The token
 * endpoint gets the login, and the registry what it gives. Throws RangeError for one that may not be sent a login.
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export async function authorize(request: TokenRequest): Promise<string | undefined> {
  const { challenge, requested, scope, login, send } = request;
  const { scheme, fields } = readChallenge(challenge);
  if (scheme === 'basic') return login && basic(login);
  const { realm, service } = fields;
  if (scheme !== 'bearer' || realm === undefined) return undefined;
  const url = addressFrom(realm, requested);
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', fields['scope'] ?? scope);
  const answer = await send(url, login ? { authorization: basic(login) } : {});
  if (!answer.ok) {
    await answer.body?.cancel();
    return undefined;
  }
  const { token, access_token: access } = (await answer.json()) as { token?: string; access_token?: string };
  const given = token ?? access;
  return given && `Bearer ${given}`;
}
