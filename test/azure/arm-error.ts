import { Refusal } from '../fakes/clouds/calls.ts';

/** What Azure answers instead of a result. */
export class ArmError extends Refusal {
  readonly status: number;
  readonly body: object;
  readonly headers: Record<string, string>;

  constructor(status: number, body: object, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.name = 'ArmError';
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** As Azure Resource Manager and most providers word it. */
export const refused = (status: number, code: string, message: string, more: object = {}): ArmError =>
  new ArmError(status, { error: { code, message, ...more } }, message);

/** As App Service words it. */
export function webRefused(status: number, code: string, message: string, extendedCode?: string): ArmError {
  const entity = { Code: code, Message: message, ...(extendedCode && { ExtendedCode: extendedCode }) };
  const details = [{ Message: message }, { Code: code }, { ErrorEntity: entity }];
  return new ArmError(
    status,
    { Code: code, Message: message, Target: null, Details: details, Innererror: null },
    message,
  );
}

export const notFound = (id: string): ArmError => {
  const { group, type, name } = partsOf(id);
  const message = `The Resource '${type}/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
  return refused(404, 'ResourceNotFound', message);
};
export const noGroup = (group: string): ArmError =>
  refused(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`);
export const noSubscription = (subscription: string): ArmError =>
  refused(404, 'SubscriptionNotFound', `The subscription '${subscription}' could not be found.`);
export const unregistered = (namespace: string): ArmError =>
  refused(
    409,
    'MissingSubscriptionRegistration',
    `The subscription is not registered to use namespace '${namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions.`,
  );
export const unauthenticated = (): ArmError =>
  refused(401, 'AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing or invalid.");
export const wrongAudience = (audience: string): ArmError =>
  refused(
    401,
    'InvalidAuthenticationTokenAudience',
    `The access token has been obtained for wrong audience or resource '${audience}'. It should exactly match with one of the allowed audiences 'https://management.core.windows.net/','https://management.azure.com/'.`,
  );
export const expired = (): ArmError =>
  refused(401, 'ExpiredAuthenticationToken', 'The access token expiry UTC time is earlier than current UTC time.');
export const denied = (who: { oid: string; name: string }, action: string, scope: string): ArmError =>
  refused(
    403,
    'AuthorizationFailed',
    `The client '${who.name}' with object id '${who.oid}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
export const linkDenied = (
  who: { oid: string; name: string },
  own: string,
  linked: { action: string; scope: string },
) =>
  refused(
    403,
    'LinkedAuthorizationFailed',
    `The client '${who.name}' with object id '${who.oid}' has permission to perform action '${own}' on scope '${linked.scope}'; however, it does not have permission to perform action(s) '${linked.action}' on the linked scope(s) '${linked.scope}' (respectively) or the linked scope(s) are invalid.`,
  );
/** Another operation on the same site runs. */
export const busy = (id: string): ArmError =>
  webRefused(
    409,
    'Conflict',
    `Cannot modify this site because another operation is in progress. Details: Id: ${id}, OperationName: Update, EntityType: 3`,
    '59203',
  );
export const throttled = (seconds: number): ArmError => {
  const message = `Number of 'write' requests for subscription exceeded the limit. Please try again after '${seconds}' seconds.`;
  const body = { error: { code: 'SubscriptionRequestsThrottled', message } };
  return new ArmError(429, body, message, { 'retry-after': String(seconds) });
};
export const unavailable = (): ArmError =>
  refused(503, 'ServiceUnavailable', 'The service is unavailable. Please try again later.');

/** `…/resourceGroups/models/providers/Microsoft.Web/sites/digits` in parts. */
function partsOf(id: string): { group: string; type: string; name: string } {
  const [, group = ''] = /\/resourceGroups\/([^/]+)/i.exec(id) ?? [];
  const [, after = ''] = /.*\/providers\/(.+)$/i.exec(id) ?? [];
  const [namespace = '', ...segments] = after.split('/');
  const types = segments.filter((_, at) => at % 2 === 0);
  return { group, type: [namespace, ...types].join('/'), name: segments.filter((_, at) => at % 2 === 1).join('/') };
}
