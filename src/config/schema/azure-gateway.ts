import { z } from 'zod';
import { flag, listOf, text, whole } from './field-kinds.ts';

/**
 * API Management takes `{{name}}` for a named value and text that begins with `@(` or `@{` for an expression of its own,
 * so no setting that goes into a policy may have either.
 * https://learn.microsoft.com/azure/api-management/api-management-policy-expressions
 */
const plainText = () =>
  text(
    'text of 1 to 256 characters that neither begins with @( or @{ nor has {{ or }}',
    /^(?!@[({])(?!.*(?:\{\{|\}\}))[^\p{Cc}]{1,256}$/u,
  );

const issuerUrl = () =>
  text(
    'an https:// URL without {{ or }}',
    /^(?!.*(?:\{\{|\}\}))(?:https:\/\/[^\s\p{Cc}/?#]+|http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?)(?:[/?][^\s\p{Cc}#]*)?$/u,
  );

/** Limits: https://learn.microsoft.com/azure/api-management/api-management-policies and the contract of its REST API. */
export const azureGateway = z
  .strictObject({
    service: text('the name of an API Management service', /^[A-Za-z](?:[A-Za-z0-9-]{0,48}[A-Za-z0-9])?$/).describe(
      'Name of the API Management service, which must exist.',
    ),
    'resource-group': text('the name of a resource group', /^[\w.()-]{1,89}[\w()-]$/)
      .optional()
      .describe('Its resource group. Default: the function’s.'),
    name: text(
      'an id of at most 60 letters, digits and "-", beginning with a letter',
      /^[A-Za-z](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])?$/,
    )
      .optional()
      .describe('Id of the API. Default: the function’s name.'),
    path: text(
      'a URL path without a slash at its ends, of at most 100 letters, digits, ".", "_", "-" and "/"',
      /^(?=.{1,100}$)[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)*$/,
    )
      .optional()
      .describe('What follows the gateway’s address. Default: the function’s name.'),
    'subscription-required': flag()
      .default(true)
      .describe('Whether callers present a subscription key (`Ocp-Apim-Subscription-Key`).'),
    product: text('the id of a product, of at most 80 letters, digits and "-"', /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,79})$/)
      .optional()
      .describe(
        'Product whose subscribers may call; it must exist. Without one, keys for the API or for all APIs count.',
      ),
    jwt: z
      .strictObject({
        'openid-config': issuerUrl().describe('OpenID configuration of the issuer.'),
        audience: listOf(plainText(), 'texts', 1, 50).describe('Accepted `aud` values.'),
        issuer: listOf(plainText(), 'texts', 1, 10)
          .optional()
          .describe('Accepted `iss` values. Default: the one that the OpenID configuration names.'),
      })
      .optional()
      .describe('Callers also present a token of this issuer.'),
    'rate-limit': z
      .strictObject({
        calls: whole(1, 1_000_000).describe('Calls …'),
        seconds: whole(1, 300).describe('… in so many seconds.'),
      })
      .optional()
      .describe('Limit of one subscription; of one address, where no subscription is required.'),
    'cache-seconds': whole(0, 86_400)
      .default(0)
      .describe('How long the gateway keeps the OpenAPI document and the page; answers of the model are never kept.'),
    timeout: whole(1, 240)
      .optional()
      .describe('Seconds that the gateway waits for the function. Default: timeout and 5 more.'),
  })
  .describe('API Management in front of what is live, made from the OpenAPI document.');
