import type { Identity } from './context.ts';
import { tokenScope } from './credentials.ts';

/**
 * Who asks, for errors: Azure does not say it, but the token does. Its name where it is a person's, else the id of the
 * application. Nothing where no token is used or none can be had.
 */
export async function principalOf(identity: Identity): Promise<string | undefined> {
  if (identity.kind !== 'token') return undefined;
  try {
    // The SDK keeps the token that the refused request carried.
    const payload = (await identity.credential.getToken(tokenScope))?.token.split('.')[1] ?? '';
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const named = [claims.upn, claims.oid, claims.appid].find((claim) => typeof claim === 'string' && claim !== '');
    return named;
  } catch {
    return undefined;
  }
}
