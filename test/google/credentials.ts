import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fields } from '../fakes/clouds/fields.ts';
import type { Surface } from '../fakes/clouds/loopback.ts';
import type { Call, GoogleContext } from './context.ts';
import type { Contract } from './contract.ts';
import { type ApiMethod, apiSurface, finish } from './surface.ts';

/** The federated identity of the job that logs in. */
export const poolOf = (context: GoogleContext): string =>
  `//iam.googleapis.com/projects/${context.number}/locations/global/workloadIdentityPools/github/providers/github`;
export const principalOf = (context: GoogleContext, subject: string): string =>
  `principal://iam.googleapis.com/projects/${context.number}/locations/global/workloadIdentityPools/github/subject/${subject}`;

/** Gives out federated tokens for subject tokens: https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token */
export function tokenSurface(context: GoogleContext): Surface {
  return {
    name: 'STS',
    async serve({ body }) {
      const form = new URLSearchParams(body.toString());
      const principal = principalOf(context, form.get('subject_token') ?? '');
      const call: Call = {
        ...{ method: 'sts.token', parameters: {}, body: undefined, principal, needs: [], mutating: false, status: 0 },
      };
      context.calls.push(call);
      return finish(context, call, async () => {
        const answer = {
          access_token: context.iam.accessToken(principal),
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          ...{ token_type: 'Bearer', expires_in: 3600 },
        };
        const ok = form.get('audience') === poolOf(context);
        const headers = { 'content-type': 'application/json' };
        const invalid = {
          error: 'invalid_target',
          error_description: 'The target service indicated by the audience is invalid.',
        };
        return { status: ok ? 200 : 400, headers, body: JSON.stringify(ok ? answer : invalid) };
      });
    },
  };
}

/** https://cloud.google.com/iam/docs/reference/credentials/rest */
export function credentialSurface(context: GoogleContext, contract: Contract): Surface {
  const emailOf = (name = ''): string => name.split('/').at(-1) ?? '';
  const method = (permission: string, answer: (email: string, body: Fields) => Fields): ApiMethod => ({
    needs: ({ labels }) => [
      { permission, resource: `projects/${context.project}/serviceAccounts/${emailOf(labels['name'])}` },
    ],
    answer: ({ labels, body }) => answer(emailOf(labels['name']), body),
  });
  const at = 'iamcredentials.projects.serviceAccounts';
  return apiSurface(context, {
    ...{ name: 'IAMCREDENTIALS', contract },
    methods: {
      [`${at}.generateAccessToken`]: method('iam.serviceAccounts.getAccessToken', (email) => ({
        accessToken: context.iam.accessToken(email),
        expireTime: new Date(context.now().getTime() + 3_600_000).toISOString(),
      })),
      [`${at}.generateIdToken`]: method('iam.serviceAccounts.getOpenIdToken', (email, body) => ({
        token: context.iam.idToken(email, String(body['audience']), context.now()),
      })),
    },
  });
}

export interface LogIn {
  /** Subject of the job's OIDC token. */
  subject: string;
  /** The account to take the role of; without it the federated identity itself calls. */
  account?: string | undefined;
}

/** A file as google-github-actions/auth writes it, for GOOGLE_APPLICATION_CREDENTIALS. Returns its path. */
export function credentialsFile(
  context: GoogleContext,
  logIn: LogIn,
  urls: { sts: string; iamcredentials: string },
): string {
  const folder = join(context.scratch, 'credentials');
  mkdirSync(folder, { recursive: true });
  const name = `${logIn.account ?? 'federated'}-${logIn.subject}`.replaceAll(/[^\w.@-]/g, '_');
  writeFileSync(join(folder, `${name}.token`), logIn.subject);
  const path = join(folder, `${name}.json`);
  const { iamcredentials } = urls;
  writeFileSync(
    path,
    JSON.stringify({
      ...{ type: 'external_account', audience: poolOf(context) },
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${urls.sts}/v1/token`,
      credential_source: { file: join(folder, `${name}.token`) },
      ...(logIn.account !== undefined && {
        service_account_impersonation_url: `${iamcredentials}/v1/projects/-/serviceAccounts/${logIn.account}:generateAccessToken`,
      }),
    }),
  );
  return path;
}
