import { ColdgateError, ConflictError, exitCodes, UnprovenError } from '../errors.ts';
import { AzureFailure } from './failure.ts';

/** What a call asked for. */
export interface RequestContext {
  /** `Microsoft.Web/sites/write` */
  action: string;
  /** Path of the resource. */
  resource: string;
  /** Object id of who asks, where it is known. */
  principal?: string | undefined;
}

/**
 * The action that a call needs: `PUT …/providers/Microsoft.Web/sites/digits/config/appsettings` needs
 * `Microsoft.Web/sites/config/write`. The name of a singleton is a part of the action for POST only.
 */
export function actionOf(method: string, path: string): string {
  const [, after = ''] = /.*\/providers\/(.+)$/.exec(path.split('?')[0] ?? '') ?? [];
  const [provider = '', ...segments] = after.split('/');
  const types = segments.filter((_, index) => index % 2 === 0);
  const isAction = method === 'POST';
  const verb = method === 'GET' || method === 'HEAD' ? 'read' : method === 'DELETE' ? 'delete' : 'write';
  const name = [
    provider || 'Microsoft.Resources',
    ...(isAction && segments.length % 2 === 0 ? [...types, segments.at(-1)] : types),
  ];
  return `${name.join('/')}/${isAction ? 'action' : verb}`;
}

/** What a refused call means to the user. Anything that is no AzureFailure stays what it is. */
export function toRefusal(error: unknown, request: RequestContext): Error {
  if (!(error instanceof AzureFailure)) return error as Error;
  return byCode(error, request) ?? byWords(error, request) ?? byStatus(error, request);
}

const refused = (
  cause: AzureFailure,
  code: string,
  exit: 2 | 8,
  message: string,
  hint: string,
  data = {},
): ColdgateError => new ColdgateError(code, exit, message, { cause, hint, data });

/** @param why in Azure's words, or in ours */
export function notRegistered(provider: string, why: string, cause?: Error): ColdgateError {
  const hint = `az provider register --namespace ${provider} --wait, by an owner or contributor of the subscription.`;
  const text = `The subscription has not registered ${provider}: ${why}`;
  return new ColdgateError('provider-not-registered', exitCodes.denied, text, { cause, hint, data: { provider } });
}

/** Refusals that have a word of their own. */
function byCode(error: AzureFailure, request: RequestContext): ColdgateError | undefined {
  const { status, code, message, extendedCode } = error;
  if (/^(Linked)?AuthorizationFailed$|^Forbidden$/.test(code) || (status === 403 && code === 'HTTP 403')) {
    return denied(error, request);
  }
  if (/RequestDisallowedByPolicy/.test(code)) {
    const hint = 'Look at the assignments of the policy, or ask its owner for an exemption.';
    return refused(error, 'policy-refused', 8, `A policy of Azure forbids ${request.resource}: ${message}`, hint);
  }
  const isRegistration = /SubscriptionNotRegistered|MissingSubscriptionRegistration|NoRegisteredProviderFound/.test(
    code,
  );
  if (isRegistration || /not registered (?:to use|with|for) /i.test(message)) {
    const provider = /(Microsoft\.[A-Za-z]+)/.exec(message)?.[1] ?? request.action.split('/')[0] ?? '';
    return notRegistered(provider, message, error);
  }
  if (/quota/i.test(code) || (status !== 403 && /\bquota\b|\b250 cores\b|512,?000 ?MB/i.test(message))) {
    const hint =
      'Flex Consumption has 250 cores for a subscription in a region: remove what is not used (coldgate destroy), lower always-ready or instance-memory, or ask for more.';
    return refused(error, 'quota-exceeded', 8, `Azure has no room left: ${message}`, hint);
  }
  if (extendedCode === '51021') {
    const text = `This plan does not take a property of the site: ${message}`;
    return refused(error, 'request-refused', 2, text, 'Remove the setting that it names from models.yaml.');
  }
  if (/SoftDeleted/i.test(code) || /soft-?deleted/i.test(message)) {
    const text = `The name is held by something that was deleted and can be restored: ${message}`;
    return refused(error, 'name-soft-deleted', 2, text, 'Purge or restore that, or choose another name.');
  }
  return undefined;
}

/** Refusals with a code that others have too: the message decides which one it is. */
function byWords(error: AzureFailure, { resource }: RequestContext): ColdgateError | undefined {
  const { status, message } = error;
  if (status === 400 && /from host runtime/i.test(message)) {
    const hint =
      'Look at its log: a version of Node that the region does not have, a setting, or a role that does not count yet. Then run this again.';
    const text = `The host of the app does not start (${resource}): ${message}`;
    return new UnprovenError('host-not-running', text, { cause: error, hint });
  }
  if (status === 400 && /maximumInstanceCount/i.test(message)) {
    const hint = 'Some regions take no fewer than 40: raise maximum-instances in models.yaml.';
    return refused(error, 'request-refused', 2, `Azure rejects ${resource}: ${message}`, hint);
  }
  return undefined;
}

function byStatus(error: AzureFailure, request: RequestContext): ColdgateError {
  const { status, code, message } = error;
  if (status === 401) {
    const text = `Azure rejects the credentials of this run: ${message}`;
    return refused(error, 'no-credentials', 8, text, 'Log in again: azure/login in a workflow, "az login" here.');
  }
  if (status === 403) return denied(error, request);
  if (status === 429) {
    const text = `Azure throttles the calls of this run: ${message}`;
    return refused(error, 'quota-exceeded', 8, text, 'Wait some minutes and run this again.');
  }
  if (status === 404 && /ResourceGroupNotFound|SubscriptionNotFound/.test(code)) {
    const hint = 'Correct subscription and resource-group in models.yaml, or make it: az group create.';
    return refused(error, 'no-resource-group', 2, `Azure has no such place: ${message}`, hint);
  }
  if (status === 409 || status === 412) {
    return new ConflictError('azure-conflict', `Azure refuses a change of ${request.resource}: ${message}`, {
      cause: error,
      hint: 'Find out who else changes it (its activity log), then run this again.',
    });
  }
  if (status >= 400 && status < 500) {
    const text = `Azure rejects ${request.resource}: ${message}`;
    return refused(error, 'request-refused', 2, text, 'Correct the setting in models.yaml that it names.');
  }
  const what = status === 0 ? 'Azure cannot be reached' : `Azure answered ${status} ${code}`;
  return new ColdgateError('azure-failed', exitCodes.unexpected, `${what} (${request.resource}): ${message}`, {
    cause: error,
    hint: 'Run this again: it continues where it stopped. If it persists, see https://azure.status.microsoft.',
  });
}

function denied(error: AzureFailure, request: RequestContext): ColdgateError {
  const { message } = error;
  const action = /perform action '([^']+)'/.exec(message)?.[1] ?? request.action;
  const resource = /over scope '([^']+)'/.exec(message)?.[1] ?? request.resource;
  const who = /object id '([^']+)'/.exec(message)?.[1] ?? request.principal ?? 'the identity of these credentials';
  const hint = `Grant a role with ${action} to ${who}; coldgate iam prints which. A new grant takes some minutes to count.`;
  const text = `Azure does not allow ${action} on ${resource} to ${who}: ${message}`;
  return refused(error, 'permission-denied', 8, text, hint, { action, resource, account: request.principal ?? null });
}
