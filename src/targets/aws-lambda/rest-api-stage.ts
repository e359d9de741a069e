import { ColdgateError } from '../../errors.ts';
import type { LambdaContext } from './context.ts';
import { isMissing } from './refusal.ts';
import type { PatchOperation, WantedRestApi } from './rest-api-wanted.ts';
import { askRest, listRest } from './rest-calls.ts';

interface Stage {
  stageName: string;
  deploymentId: string;
  webAclArn?: string;
}

interface Deployment {
  id: string;
  description?: string;
}

/** What a deployment of ours is described by: the digest of its document. */
const markOf = ({ documentDigest }: WantedRestApi): string => `coldgate ${documentDigest}`;

export async function stageOf(context: LambdaContext, id: string, stage: string): Promise<Stage | undefined> {
  try {
    return await askRest<Stage>(context, 'GET', `/restapis/${id}/stages/${stage}`);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Has the stage serve the document with the settings as wanted. A deployment is made only of another document: what a
 * stage serves never changes but by one, so its mark says what that is. Deployments of ours that no stage names go.
 */
export async function ensureStage(
  context: LambdaContext,
  id: string,
  wanted: WantedRestApi,
  known: Stage | undefined,
): Promise<void> {
  const stage = `/restapis/${id}/stages/${wanted.stage}`;
  const there = await listRest<Deployment>(context, `/restapis/${id}/deployments`);
  const current = there.find((one) => one.id === known?.deploymentId);
  let deploymentId = current?.id;
  if (current?.description !== markOf(wanted)) {
    await askRest(context, 'PUT', `/restapis/${id}?mode=overwrite&failonwarnings=true`, wanted.document);
    const description = markOf(wanted);
    ({ id: deploymentId = '' } = await askRest<Partial<Deployment>>(context, 'POST', `/restapis/${id}/deployments`, {
      description,
    }));
  }
  if (!known) {
    const { tags } = wanted;
    await askRest(context, 'POST', `/restapis/${id}/stages`, { stageName: wanted.stage, deploymentId, tags });
  }
  const moved: PatchOperation[] =
    known && deploymentId !== known.deploymentId
      ? [{ op: 'replace', path: '/deploymentId', value: String(deploymentId) }]
      : [];
  await askRest(context, 'PATCH', stage, { patchOperations: [...moved, ...wanted.stageSettings] });
  // Where the answer to a deployment was lost, it was made twice.
  const now = deploymentId === current?.id ? there : await listRest<Deployment>(context, `/restapis/${id}/deployments`);
  const surplus = now.filter((one) => one.id !== deploymentId && one.description?.startsWith('coldgate '));
  for (const one of surplus) await removeDeployment(context, `/restapis/${id}/deployments/${one.id}`);
}

/** One that another stage names stays. */
async function removeDeployment(context: LambdaContext, path: string): Promise<void> {
  try {
    await askRest(context, 'DELETE', path);
  } catch (error) {
    const isNamed = error instanceof ColdgateError && error.code === 'aws-refused';
    if (!isMissing(error) && !isNamed) throw error;
  }
}

/** Drops what the stage's cache holds: what it is about is another version now. */
export const flushCache = (context: LambdaContext, id: string, stage: string): Promise<unknown> =>
  askRest(context, 'DELETE', `/restapis/${id}/stages/${stage}/cache/data`);
