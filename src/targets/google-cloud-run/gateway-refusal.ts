import { ColdgateError, ConflictError, type ErrorOptions, exitCodes } from '../../errors.ts';
import { type GatewayCall, GatewayFailure, isFull } from './gateway-client.ts';
import type { GatewayNames } from './gateway-wanted.ts';

/** Services that have to be enabled in the project: https://cloud.google.com/api-gateway/docs/configure-dev-env */
const services = 'apigateway.googleapis.com servicemanagement.googleapis.com servicecontrol.googleapis.com';

/** https://cloud.google.com/iam/docs/access-change-propagation */
export const grantDelay = 'A new grant takes about 2 minutes to count, at times 7.';

/** Whose gateway it is about. */
export interface Concerned {
  names: GatewayNames;
  /** Who this run is; nothing where that is not known. */
  account: string | undefined;
  /** The gateway's service account, where a config is made with it. */
  gatewayAccount?: string | undefined;
}

/** Google's refusal of a call for the gateway in our words: what was refused, on what, and what to type. */
export function toRefusal(thrown: unknown, concerned: Concerned): Error {
  if (!(thrown instanceof GatewayFailure)) return thrown as Error;
  const { status, reason, message, call } = thrown;
  const { names } = concerned;
  if (status === 401) {
    const text = `Google rejects the credentials of this run: ${message}`;
    const hint = 'Log in again: google-github-actions/auth in a workflow, gcloud auth application-default login here.';
    return new ColdgateError('no-credentials', exitCodes.denied, text, { cause: thrown, hint });
  }
  if (reason === 'SERVICE_DISABLED') {
    const explanation = `An API that the gateway needs is off in project ${names.project}: ${message}`;
    const hint = `gcloud services enable ${services} --project=${names.project}, and wait some minutes.`;
    return new ColdgateError('api-disabled', exitCodes.denied, explanation, { cause: thrown, hint });
  }
  if (status === 403) return deniedError(thrown, concerned);
  if (status === 429) return exhausted(thrown);
  if (status === 409) {
    return new ConflictError('gateway-busy', `Another change of the gateway ${names.id} has not ended: ${message}`, {
      cause: thrown,
      hint: 'Find out who else changes it (Cloud Audit Logs), then run this again.',
    });
  }
  if (status === 0 || status >= 500) {
    const explanation = `API Gateway does not answer ${call.method} ${call.path} (${reason}): ${message}`;
    const hint =
      'Run this again: it continues where it stopped. If it stays, look at the network and https://status.cloud.google.com.';
    return new ColdgateError('google-failed', exitCodes.unexpected, explanation, { cause: thrown, hint });
  }
  return new ColdgateError('request-refused', exitCodes.usage, `API Gateway rejects ${call.path}: ${message}`, {
    cause: thrown,
    hint: 'Correct the setting under target.gateway that it names.',
  });
}

function exhausted(failure: GatewayFailure): ColdgateError {
  const { message } = failure;
  if (!isFull(failure)) {
    const hint = 'Wait a minute, and run fewer pipelines of one project at a time.';
    const reason = `Google throttles the calls of this run: ${message}`;
    return new ColdgateError('throttled', exitCodes.denied, reason, { cause: failure, hint });
  }
  return new ColdgateError('quota-exceeded', exitCodes.denied, `API Gateway has no room left: ${message}`, {
    cause: failure,
    hint: 'A project has at most 50 APIs, and a region 50 gateways: remove old ones, or ask Google for more.',
  });
}

/** `Permission 'apigateway.apis.create' denied on 'projects/p/locations/global'` */
const denial =
  /permission '?(?<permission>[a-z]+\.[\w.]+)'?(?: denied)?(?: on (?:resource )?'?(?<resource>[^'\s(]+))?/i;

function deniedError(failure: GatewayFailure, concerned: Concerned): ColdgateError {
  const match = denial.exec(failure.message)?.groups;
  const permission = match?.['permission'] ?? permissionFor(failure.call);
  const { account, gatewayAccount, names } = concerned;
  const who = account ?? 'the identity of these credentials';
  if (/actAs/i.test(permission) && gatewayAccount !== undefined) return cannotActAs(failure, who, gatewayAccount);
  const resource = match?.['resource'] ?? failure.call.path;
  const text = `Google does not allow ${permission} on ${resource} to ${who}: ${failure.message}`;
  return refused(text, {
    cause: failure,
    hint: `Grant a role with ${permission} in project ${names.project} to ${who}; coldgate iam prints which. ${grantDelay}`,
    data: { action: permission, resource, account: account ?? null },
  });
}

const refused = (text: string, options: ErrorOptions): ColdgateError =>
  new ColdgateError('permission-denied', exitCodes.denied, text, options);

function cannotActAs(failure: GatewayFailure, who: string, gatewayAccount: string): ColdgateError {
  const action = 'iam.serviceAccounts.actAs';
  const member = who.includes('@') ? `serviceAccount:${who}` : 'serviceAccount:PIPELINE';
  return refused(`Google does not allow ${action} on ${gatewayAccount}, which calls the function, to ${who}.`, {
    cause: failure,
    hint: `gcloud iam service-accounts add-iam-policy-binding ${gatewayAccount} --member=${member} --role=roles/iam.serviceAccountUser. ${grantDelay}`,
    data: { action, resource: gatewayAccount, account: who },
  });
}

const kinds: Readonly<Record<string, string>> = { apis: 'apis', configs: 'apiconfigs', gateways: 'gateways' };
const verbs = { POST: 'create', PATCH: 'update', DELETE: 'delete' } as const;

/** What a call needs: https://cloud.google.com/api-gateway/docs/api-access-overview */
export function permissionFor({ api, method, path }: Pick<GatewayCall, 'api' | 'method' | 'path'>): string {
  if (api === 'serviceusage') return 'serviceusage.services.get';
  const parts = path.split('/');
  if (parts.includes('operations')) return 'apigateway.operations.get';
  const kind = parts.findLast((part) => Object.hasOwn(kinds, part)) ?? '';
  const verb = method === 'GET' ? (parts.at(-1) === kind ? 'list' : 'get') : verbs[method];
  return `apigateway.${kinds[kind]}.${verb}`;
}

/** The API's managed service is not enabled, so that no API key works. */
export function serviceNotEnabled(managedService: string, project: string): ColdgateError {
  const message = `The API’s own service ${managedService} is off in project ${project}, so the gateway would refuse every API key.`;
  return new ColdgateError('api-disabled', exitCodes.denied, message, {
    hint: `Type once: gcloud services enable ${managedService} --project=${project}; then run this again.`,
    data: { service: managedService, project },
  });
}

/** Cloud Run does not let the gateway's account in. */
export function notInvited(names: GatewayNames, service: string, account: string, url: string): ColdgateError {
  const action = 'run.routes.invoke';
  const where = `--region=${names.region} --project=${names.project}`;
  return refused(`${url} may not call the function: ${account} lacks ${action} on the service ${service}.`, {
    hint: `gcloud run services add-iam-policy-binding ${service} ${where} --member=serviceAccount:${account} --role=roles/run.invoker. ${grantDelay}`,
    data: { action, resource: service, account },
  });
}
