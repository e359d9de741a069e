import { z } from 'zod';
import { flag, listOf, text, whole, words } from './field-kinds.ts';

const httpsUrl = () => text('an https:// URL', /^https:\/\/[^\s\p{Cc}]+$/u);

/** API Gateway's defaults and limits: https://cloud.google.com/api-gateway/docs/quotas and …/oasv3-extensions */
export const googleGateway = z
  .strictObject({
    name: text(
      'a gateway id of lower-case letters, digits and "-", at most 49, beginning with a letter',
      /^[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?$/,
    )
      .optional()
      .describe('Id of the API and of the gateway. Default: the function’s name.'),
    auth: z
      .enum(['api-key', 'jwt', 'firebase', 'google-id-token', 'none'])
      .default('api-key')
      .describe('What a caller must present: an API key, or a token of an issuer, of Firebase or of Google.'),
    jwt: z
      .strictObject({
        issuer: httpsUrl().describe('`iss` of the tokens.'),
        audience: listOf(words('text'), 'texts', 1, 50).describe('Accepted `aud` values.'),
        'jwks-uri': httpsUrl().optional().describe('Its public keys. Default: what its OpenID configuration names.'),
      })
      .optional()
      .describe('The issuer of `auth: jwt`.'),
    audience: listOf(words('text'), 'texts', 1, 50)
      .optional()
      .describe(
        'Accepted `aud` values of `auth: google-id-token`. Default: the https:// address of the managed service.',
      ),
    'firebase-project': text('a Firebase project id', /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/)
      .optional()
      .describe('Project whose users `auth: firebase` lets in. Default: the target’s project.'),
    cors: flag()
      .optional()
      .describe('Passes preflight requests on to the function, without a key. Default: true with handler.cors.'),
    'quota-per-minute': whole(1, 10_000_000)
      .optional()
      .describe(
        'Requests a minute for one consumer project: all API keys that one project has made share it. For `auth: api-key`.',
      ),
    deadline: whole(1, 600)
      .optional()
      .describe('Seconds that the gateway waits for the function. Default: timeout, at most 600.'),
    'service-account': text('the e-mail address of a service account', /^[^@\s]{1,64}@[a-z0-9.-]{1,190}$/)
      .optional()
      .describe('Identity that calls the function; needs run.invoker on it. Default: the function’s.'),
  })
  .describe('API Gateway in front, made from the OpenAPI document.');
