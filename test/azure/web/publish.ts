import { finishCall } from '../../fakes/clouds/calls.ts';
import type { Incoming, Reply } from '../../fakes/clouds/loopback.ts';
import { demand, failure } from '../arm.ts';
import { refused } from '../arm-error.ts';
import type { Call } from '../context.ts';
import { blobFrom } from '../storage/surface.ts';
import { armAudiences } from '../tokens.ts';
import type { Deployment, Site } from './record.ts';
import { isFlex } from './record.ts';
import type { Web } from './web.ts';

const json = { 'content-type': 'application/json; charset=utf-8' };
const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

/** The publishing site of an app: one deploy, as Flex Consumption has it. */
export function serveScm(web: Web, site: Site, incoming: Incoming): Promise<Reply | undefined> {
  const { context } = web;
  const { method, url } = incoming;
  const [, id, part] = /^\/api\/deployments\/([^/]+)(\/log)?$/.exec(url.pathname) ?? [];
  const kind = method === 'POST' && url.pathname === '/api/publish' ? 'publish' : method === 'GET' && id ? 'look' : '';
  const call: Call = {
    ...{
      method: `scm_${kind || 'unknown'}${part === undefined ? '' : '_log'}`,
      path: url.pathname,
      principal: '',
      status: 0,
    },
    ...{ parameters: { site: site.key, ...Object.fromEntries(url.searchParams) }, body: undefined, needs: [] },
    mutating: kind === 'publish',
  };
  context.calls.push(call);
  const work = async (): Promise<Reply> => {
    const caller = context.tokens.principalOf(incoming.headers.authorization, armAudiences);
    call.principal = caller.oid;
    call.needs = [{ action: 'Microsoft.Web/sites/publish/action', scope: web.siteId(site) }];
    demand(context, caller, call.needs);
    if (kind === 'publish') return publish(web, site, incoming);
    if (kind === '') {
      context.violation(`publishing site: ${method} ${url.pathname} is nothing that the stand-in has`);
      throw refused(404, 'NotFound', 'No route registered for this request.');
    }
    return look(site, String(id), part !== undefined, context.knobs.publishForgotten);
  };
  return finishCall(context, call, work, failure);
}

async function publish(web: Web, site: Site, incoming: Incoming): Promise<Reply> {
  checkRequest(web, site, incoming);
  if ([...site.deployments.values()].some(({ isDone }) => !isDone)) {
    return {
      status: 409,
      headers: json,
      body: JSON.stringify('There is a deployment currently in progress. Please wait for it.'),
    };
  }
  const { knobs } = web.context;
  const [last = 4, ...before] = [...knobs.publishStates].reverse();
  const states = before.reverse();
  const deployment: Deployment = {
    ...{ id: web.context.newId(), states, status: 0, log: [], receivedAt: web.context.now(), isDone: false },
  };
  site.deployments.set(deployment.id, deployment);
  // It goes on whoever looks at it, or nobody.
  const end = () => finish(web, site, deployment, incoming.body, last);
  const timer = setTimeout(() => void end(), knobs.operationMs);
  deployments.set(deployment, async () => {
    clearTimeout(timer);
    await end();
  });
  const location = `${site.servers.scm.url}/api/deployments/${deployment.id}`;
  return { status: 202, headers: { ...json, location }, body: JSON.stringify(deployment.id) };
}

/** Ends a deployment at once. */
const deployments = new WeakMap<Deployment, () => Promise<void>>();

function checkRequest(web: Web, site: Site, { url, headers, body }: Incoming): void {
  const { context } = web;
  const problems = [
    ...(headers['content-type'] === 'application/zip' ? [] : ['content-type: expected application/zip']),
    ...(headers['content-length'] === undefined ? ['content-length is missing'] : []),
    ...(url.searchParams.get('RemoteBuild') === 'true' ? ['RemoteBuild would run npm over the package'] : []),
    ...[...url.searchParams.keys()].filter((one) => !['RemoteBuild', 'Deployer'].includes(one)),
    ...(isFlex(site.plan) ? [] : ['/api/publish is of Flex Consumption']),
    ...(body.byteLength === 0 ? ['the package is empty'] : []),
  ];
  if (problems.length === 0) return;
  for (const one of problems) context.violation(`publish: ${one}`);
  throw refused(400, 'BadRequest', problems.join('; '));
}

/** Puts the package in place, or says in the log why not. */
async function finish(web: Web, site: Site, deployment: Deployment, zip: Buffer, last: number): Promise<void> {
  if (deployment.isDone) return;
  deployment.isDone = true;
  try {
    if (web.sites.get(site.key.toLowerCase()) !== site) throw new Error('The app is not there any more.');
    store(web, site, zip);
    site.content = await web.packages.mount(zip);
    deployment.status = last;
    if (last !== 4) return;
    site.functionsLag = web.context.knobs.functionsLag;
    site.listed = [];
    web.update(site);
  } catch (error) {
    deployment.status = 3;
    deployment.log.push(`Deployment failed. ${(error as Error).message}`);
  }
}

/** The package goes into the container of the app, as the identity that its deployment names. */
function store(web: Web, site: Site, zip: Buffer): void {
  const { value = '', authentication = {} } = site.properties.functionAppConfig?.deployment?.storage ?? {};
  const checked = 'Error while checking access to storage account using Kudu.Legion.Core.Storage.BlobContainerStorage';
  const failed = (why: string) => new Error(`[StorageAccessibleCheck] ${checked}: BlobUploadFailedException: ${why}`);
  const { accounts, identities } = web.azure;
  const found = accounts.locate(value);
  const container = found?.account.containers.get(found.container);
  if (!found || !container)
    throw failed('Response status code does not indicate success: 404 (The specified container does not exist.).');
  const identity = /^System/i.test(authentication.type ?? '')
    ? web.identityOf(site)
    : identities.find(authentication.userAssignedIdentityResourceId ?? '');
  const need = { action: `${blobs}/write`, scope: accounts.containerId(found.account, found.container), data: true };
  if (!identity || !web.context.iam.allows(identity.oid, need)) {
    throw failed(
      'Response status code does not indicate success: 403 (This request is not authorized to perform this operation using this permission.).',
    );
  }
  container.blobs.set('released-package.zip', blobFrom(zip));
}

async function look(site: Site, id: string, wantsLog: boolean, isForgotten: boolean): Promise<Reply> {
  const found = id === 'latest' ? [...site.deployments.values()].at(-1) : site.deployments.get(id);
  const missing = { status: 404, headers: json, body: JSON.stringify({ Message: `Deployment '${id}' not found.` }) };
  if (!found) return missing;
  if (wantsLog) {
    const entries = found.log.map((message, at) => ({
      id: String(at),
      log_time: found.receivedAt,
      message,
      type: 2,
      details_url: null,
    }));
    return { status: 200, headers: json, body: JSON.stringify(entries) };
  }
  const next = found.isDone && found.status === 3 ? undefined : found.states.shift();
  if (next === 404) return missing;
  if (next !== undefined) return { status: 200, headers: json, body: JSON.stringify(view(site, found, next)) };
  await deployments.get(found)?.();
  if (isForgotten) return missing;
  return { status: 200, headers: json, body: JSON.stringify(view(site, found, found.status)) };
}

/** https://github.com/projectkudu/kudu/wiki/REST-API, with what a recording of Flex Consumption has. */
function view(site: Site, { id, receivedAt }: Deployment, status: number): object {
  const url = `${site.servers.scm.url}/api/deployments/${id}`;
  const isOver = status >= 3 || status < 0;
  return {
    ...{ id, status, status_text: '', author_email: '', author: null, deployer: 'LegionOneDeploy', remoteBuild: false },
    ...{
      message: '',
      progress: '',
      received_time: receivedAt,
      start_time: receivedAt,
      end_time: isOver ? receivedAt : null,
    },
    ...{ last_success_end_time: status === 4 ? receivedAt : null, complete: isOver, active: status === 4 },
    ...{ is_temp: false, is_readonly: false, url, log_url: `${url}/log`, site_name: site.name, build_summary: null },
  };
}
