import { askAws } from './aws-request.ts';
import type { LambdaContext } from './context.ts';
import type { WantedRestApi } from './rest-api-wanted.ts';
import type { RestApi } from './rest-calls.ts';

/** Tag on the API with the web ACL that models.yaml has put before its stage; `none` once it no longer does. */
export const webAclTag = 'coldgate:web-acl';

/**
 * Puts the web ACL before the stage, and takes away the one that models.yaml once had; one that others put there stays.
 * Returns the tag's value, which the caller sets. A stage that was just made may not be known to WAF yet, which is waited for.
 */
export async function ensureFirewall(
  context: LambdaContext,
  api: RestApi,
  { webAcl, stage }: WantedRestApi,
  partition: string,
): Promise<string> {
  const before = api.tags?.[webAclTag] ?? 'none';
  const ResourceArn = `arn:${partition}:apigateway:${context.settings.region}::/restapis/${api.id}/stages/${stage}`;
  const ask = (action: string, json: object): Promise<unknown> =>
    askAws(context, {
      ...{ service: 'wafv2', method: 'POST', path: '/', json },
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AWSWAF_20190729.${action}` },
      asked: { action: `wafv2:${action}`, resource: webAcl ?? ResourceArn },
    });
  if (webAcl !== undefined) await ask('AssociateWebACL', { WebACLArn: webAcl, ResourceArn });
  else if (before !== 'none') await ask('DisassociateWebACL', { ResourceArn });
  return webAcl ?? 'none';
}
