import { failureIn, isMissing } from '../../azure/failure.ts';
import { ColdgateError, exitCodes } from '../../errors.ts';
import {
  type ApimAccess,
  apimVersion,
  findApi,
  policyPath,
  poll,
  productPath,
  revisionPath,
  unconditionally,
} from './apim-client.ts';
import type { ApimStep } from './apim-steps.ts';
import { type ApimNames, holding, markOf, markText, type WantedRevision } from './apim-wanted.ts';

/** One run on one revision, and what it has learned. */
export interface ApimRun {
  access: ApimAccess;
  wanted: WantedRevision;
  /** Whether anything had to be changed. */
  changed: boolean;
  /** Numbers of revisions that are not free although none has them. */
  taken: Set<string>;
  /** Revision that this run has released, and the one that was current before. */
  released: { revision: string; former: string | undefined } | undefined;
  /** What a release is noted for. */
  notes: string;
}

/** Does one step but a release. What others have done meanwhile is no failure: the next look shows it. */
export async function performApim(run: ApimRun, step: Exclude<ApimStep, { do: 'nothing' | 'release' }>): Promise<void> {
  try {
    await act(run, step);
  } catch (error) {
    const status = failureIn(error)?.status;
    if (step.do === 'leave-product' && status === 404) return;
    if (step.do === 'put-product' && status === 404) throw noProduct(run.wanted, error);
    if (status !== 409 && status !== 412) throw error;
    if (step.do === 'create-revision') run.taken.add(step.revision);
    run.access.log.debug(`${step.do}: ${(error as Error).message}; looking again.`);
    await poll(run.access);
  }
}

async function act(run: ApimRun, step: Exclude<ApimStep, { do: 'nothing' | 'release' }>): Promise<void> {
  const { access, wanted } = run;
  const { names } = wanted;
  switch (step.do) {
    case 'refuse':
      throw foreign(wanted, step.what);
    case 'put-key':
      return put(access, `${names.service}/namedValues/${wanted.key.id}`, wanted.key.fields);
    case 'put-backend':
      return put(access, `${names.service}/backends/${wanted.backend.id}`, wanted.backend.fields);
    case 'create-api':
      return createApi(run);
    case 'move-path': {
      access.log.info(`Moving the API ${names.api} to the path ${names.path}.`);
      const body = { properties: { path: names.path } };
      await access.arm.send('PATCH', names.apiPath, { ...unconditionally, body });
      return;
    }
    case 'hold':
      return put(access, policyPath(names, step.revision), { format: 'xml', value: holding.policy });
    case 'create-revision':
      return createRevision(run, step.revision);
    case 'put-policy':
      return put(access, policyPath(names, step.revision), { format: 'xml', value: wanted.policy });
    case 'put-product':
      access.log.info(`Adding the API ${names.api} to the product ${wanted.product}.`);
      return put(access, productPath(names, wanted.product ?? ''), undefined);
    case 'put-subscription': {
      const fields = { scope: `/apis/${names.api}`, displayName: `${names.api}: proof of releases`, state: 'active' };
      return put(access, `${names.service}/subscriptions/${names.subscription}`, fields);
    }
    case 'leave-product': {
      access.log.info(`Taking the API ${names.api} out of the product ${step.product}.`);
      await access.arm.send('DELETE', productPath(names, step.product), { apiVersion: apimVersion });
    }
  }
}

/** A new API, with a revision that nothing is released by. */
async function createApi({ access, wanted }: ApimRun): Promise<void> {
  const { names } = wanted;
  access.log.info(`Creating the API ${names.api} in API Management.`);
  const mark = markText({ role: 'holder', digest: holding.digest, version: null, product: undefined });
  await put(access, names.apiPath, { ...wanted.fields, apiRevision: '1', apiRevisionDescription: mark });
}

/** A PUT would change a revision that another run has made meanwhile, so that number is looked at first. */
async function createRevision({ access, wanted, taken }: ApimRun, revision: string): Promise<void> {
  const { names } = wanted;
  const path = revisionPath(names, revision);
  const api = await findApi(access, names);
  if (await access.arm.find(path, { apiVersion: apimVersion })) return void taken.add(revision);
  access.log.info(`Creating revision ${revision} of the API ${names.api}.`);
  const mark = markText(markOf(wanted));
  const own = { sourceApiId: names.apiPath, apiRevision: revision, apiRevisionDescription: mark };
  await put(access, path, { ...wanted.fields, path: api?.properties?.path ?? names.path, ...own });
}

/** Creates or changes a resource, whatever is there. */
export async function put({ arm }: ApimAccess, path: string, properties: unknown): Promise<void> {
  await arm.send('PUT', path, { apiVersion: apimVersion, ...(properties !== undefined && { body: { properties } }) });
}

/** Makes a revision current. Each release has an id of its own: the list of them is the history of the API. */
export async function putRelease(
  access: ApimAccess,
  { apiPath, api }: ApimNames,
  revision: string,
  notes: string,
): Promise<void> {
  const id = `coldgate-${revision}-${Date.now().toString(36)}`;
  await put(access, `${apiPath}/releases/${id}`, { apiId: `/apis/${api};rev=${revision}`, notes });
}

/** Removes a resource. Returns false where it was gone already. */
export async function removeResource(
  { arm }: ApimAccess,
  path: string,
  query: Record<string, string> = {},
): Promise<boolean> {
  try {
    await arm.send('DELETE', path, { ...unconditionally, query });
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function foreign({ names }: WantedRevision, what: string): ColdgateError {
  const message = `${what} in API Management exists and is not this function’s, so it is left as it is.`;
  return new ColdgateError('foreign-gateway', exitCodes.usage, message, {
    hint: `Set target.gateway.name to another name than ${names.api}, or remove what has it.`,
    data: { resource: what },
  });
}

function noProduct({ names, product }: WantedRevision, cause: unknown): ColdgateError {
  const message = `API Management has no product ${product}, so no one could subscribe to the API ${names.api}.`;
  return new ColdgateError('no-product', exitCodes.usage, message, {
    hint: 'Correct target.gateway.product, or make the product: az apim product create.',
    cause,
  });
}
