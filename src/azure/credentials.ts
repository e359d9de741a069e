import type { TokenCredential } from '@azure/identity';
import { ColdgateError, exitCodes } from '../errors.ts';
import { entraCredential } from '../stores/entra.ts';
import type { AzureVariables } from './endpoints.ts';

/** Who this run is to Azure. Errors hold no token. */
export interface AzureCredentials {
  /**
   * A token, kept until some minutes before it ends. Throws ColdgateError `no-credentials` (exit 8).
   * @param anew one that was refused is not used again
   */
  token(scope: string, anew?: boolean): Promise<string>;
  /** Object id of the identity of the last token, for messages; undefined before there is one. */
  principal(): string | undefined;
  /** For clients of other libraries. */
  credential(): Promise<TokenCredential>;
}

const logIn =
  'In GitHub Actions give the job "permissions: id-token: write", log in with azure/login and set AZURE_CLIENT_ID and AZURE_TENANT_ID; elsewhere run "az login".';

/** A token is not used for the last minutes of its life: a call may take that long, ms. */
const marginMs = 5 * 60_000;

/** Credentials of this run. Reads nothing until it is asked. */
export function openCredentials(variables: AzureVariables, signal: AbortSignal): AzureCredentials {
  const tokens = new Map<string, { until: number; token: string }>();
  let opened: Promise<TokenCredential> | undefined;
  let principal: string | undefined;
  const credential = () => {
    opened ??= entraCredential(variables);
    return opened;
  };
  return {
    credential,
    principal: () => principal,
    async token(scope, anew = false) {
      const known = tokens.get(scope);
      if (known && known.until > Date.now() && !anew) return known.token;
      const { token, expiresOnTimestamp } = await ask(await credential(), scope, signal);
      principal = objectIdIn(token) ?? principal;
      tokens.set(scope, { token, until: expiresOnTimestamp - marginMs });
      return token;
    },
  };
}

async function ask(credential: TokenCredential, scope: string, signal: AbortSignal) {
  try {
    const found = await credential.getToken(scope, { abortSignal: signal });
    if (found) return found;
  } catch (thrown) {
    signal.throwIfAborted();
    throw noCredentials(thrown);
  }
  throw noCredentials(new Error('no way to a token'));
}

function noCredentials(thrown: unknown): ColdgateError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const reason = /AADSTS\d+: ([^.]+\.)/.exec(message)?.[0] ?? message.split('\n')[0] ?? '';
  return new ColdgateError('no-credentials', exitCodes.denied, `Azure gave no credentials: ${reason}`, {
    hint: logIn,
    // The library's own error holds whole requests.
    cause: new Error(reason),
  });
}

/** The claim `oid` of a token, which is for its reader alone: for messages, and never trusted. */
function objectIdIn(token: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const { oid } = claims as { oid?: unknown };
    return typeof oid === 'string' ? oid : undefined;
  } catch {
    return undefined;
  }
}
