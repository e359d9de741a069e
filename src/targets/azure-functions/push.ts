import { authorized } from '../../azure/arm.ts';
import { AzureFailure } from '../../azure/failure.ts';
import type { AzureAnswer, AzureRequest } from '../../azure/http.ts';
import { toRefusal } from '../../azure/refusal.ts';
import { type Reason, retryCall } from '../../azure/retry-call.ts';
import { UnprovenError } from '../../errors.ts';
import { pause } from '../../pause.ts';
import { field } from '../../rollout/proof/http.ts';
import { waitFor } from '../../rollout/wait-for.ts';
import { type FlexContext, sitePath } from './context.ts';
import { limits, untilListed } from './listed.ts';
import { publishingUrl, type Site } from './resources.ts';

/** Longest upload of a package, ms. */
const uploadMs = 600_000;
/** The service's own advice for polls, and how long a deployment may be unknown at first, ms. */
const betweenMs = 1000;
const unknownMs = 60_000;
/** Lines of a deployment's log that are shown. */
const shownLines = 8;

/** Roles that this run gives do not count for minutes, and the site of a new app is not there for seconds. */
const isLate =
  ({ settings }: FlexContext) =>
  ({ status, code }: AzureFailure): Reason | undefined => {
    if (status === 403 && settings.identity === 'system' && !/AuthorizationFailed/.test(code)) return 'roles';
    if (status === 409) return 'busy';
    return status === 404 || code === 'ENOTFOUND' ? 'network' : undefined;
  };

/** An identity that may not read its container yet has the deployment itself fail. */
const isOfRoles = (text: string): boolean =>
  /403|forbidden|AuthorizationPermissionMismatch|not authorized|identity|BlobUploadFailed/i.test(text);
const rolesMs = 600_000;
/** Deployments of one package whose end was never reported. */
const maxUnseen = 3;
const rolesPauseMs = { first: 1000, longest: 15_000 };

/**
 * Publishes a zip and waits until the platform lists the function. "Succeeded" alone proves nothing: an app whose package
 * registers nothing is deployed with success too. Throws UnprovenError `publish-failed` or `no-function`.
 */
export async function pushPackage(context: FlexContext, site: Site, bytes: Uint8Array): Promise<void> {
  const base = publishingUrl(site);
  if (!base) throw new Error(`Azure names no publishing site of ${site.name}`);
  const began = performance.now();
  let unseen = 0;
  for (let wait = rolesPauseMs.first; ; wait = Math.min(rolesPauseMs.longest, wait * 2)) {
    const failure = await deployOnce(context, base, site.name, bytes);
    if (failure === undefined) break;
    // Whether it was done is unknown, and the function of a package before is listed as well.
    if (failure === 'unseen') {
      if (++unseen === maxUnseen) break;
      continue;
    }
    const isLate = context.settings.identity === 'system' && isOfRoles(failure.message);
    if (!isLate || performance.now() - began > rolesMs) throw failure;
    context.log.info(`${site.name} cannot read its package yet, as roles take a while to count; publishing again.`);
    await pause(wait, context.signal);
  }
  await untilListed(context, site.name);
}

/** One deployment. Returns why it has failed, if it has; `unseen` where Azure has forgotten it before its end was told. */
async function deployOnce(
  context: FlexContext,
  base: string,
  site: string,
  bytes: Uint8Array,
): Promise<UnprovenError | 'unseen' | undefined> {
  const { log } = context;
  log.info(`Publishing the package to ${site} (${Math.ceil(bytes.byteLength / 1e6)} MB).`);
  const { body } = await callSite(context, site, {
    method: 'POST',
    url: `${base}/api/publish?RemoteBuild=false&Deployer=coldgate`,
    headers: { 'content-type': 'application/zip', 'cache-control': 'no-cache' },
    bytes,
    timeoutMs: uploadMs,
  });
  const id = typeof body === 'string' ? body.replaceAll('"', '') : String(field(body, 'id') ?? '');
  const status = await pollDeployment(context, base, site, id);
  if (status === 'done') return undefined;
  if (status === 'unseen') return status;
  const lines = await readLog(context, base, site, id);
  const text = [`${site} did not take its package (${status}).`, ...lines.map((line) => `  ${line}`)].join('\n');
  return new UnprovenError('publish-failed', text, {
    hint: 'Correct what the log names, then run this again; what ran before still does.',
    data: { site, deployment: id, log: lines },
  });
}

/** One call to the publishing site, which takes the token of ARM. Throws ColdgateError. */
async function callSite(
  context: FlexContext,
  site: string,
  call: Omit<AzureRequest, 'signal'>,
  also: (failure: AzureFailure) => Reason | undefined = isLate(context),
): Promise<AzureAnswer> {
  const { credentials, arm, log, signal } = context;
  const once = authorized(credentials, arm.place.scope);
  try {
    return await retryCall(() => once({ ...call, signal }), { log, signal, also });
  } catch (error) {
    signal.throwIfAborted();
    const resource = sitePath(context, site);
    throw toRefusal(error, {
      action: 'Microsoft.Web/sites/publish/action',
      resource,
      principal: credentials.principal(),
    });
  }
}

const states: Record<number, string> = {
  [-1]: 'cancelled',
  3: 'failed',
  5: 'replaced by another one',
  6: 'partial success',
};

/**
 * Waits for a deployment, by its own id: the latest may be another's. A 404 after progress means that the worker behind it
 * was replaced: what has become of the deployment is then unknown.
 */
async function pollDeployment(context: FlexContext, base: string, site: string, id: string): Promise<string> {
  const began = performance.now();
  let isKnown = false;
  const look = async (): Promise<string | undefined> => {
    try {
      const url = `${base}/api/deployments/${id}`;
      const answer = await callSite(context, site, { method: 'GET', url }, () => undefined);
      isKnown = true;
      const status = Number(field(answer.body, 'status'));
      return status === 4 ? 'done' : states[status];
    } catch (error) {
      const { cause } = error as Error;
      if (!(cause instanceof AzureFailure) || cause.status !== 404) throw error;
      return isKnown || performance.now() - began > unknownMs ? 'unseen' : undefined;
    }
  };
  return waitFor(context, `${site} has not taken its package`, look, { ...limits, longestPauseMs: betweenMs });
}

async function readLog(context: FlexContext, base: string, site: string, id: string): Promise<string[]> {
  try {
    const url = `${base}/api/deployments/${id}/log`;
    const { body } = await callSite(context, site, { method: 'GET', url }, () => undefined);
    const entries = Array.isArray(body) ? body : [];
    return entries.slice(-shownLines).map((entry) => String(field(entry, 'message') ?? '').trim());
  } catch (error) {
    context.signal.throwIfAborted();
    return [`its log cannot be read: ${(error as Error).message}`];
  }
}
