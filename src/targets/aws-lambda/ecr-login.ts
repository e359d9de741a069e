import { AwsV4Signer } from 'aws4fetch';
import { ColdgateError, exitCodes } from '../../errors.ts';
import type { RegistryLogin } from '../../oci/authorization.ts';
import type { LambdaContext } from './context.ts';

const action = 'ecr:GetAuthorizationToken';
const target = 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken';

/**
 * What ECR takes for twelve hours. By one signed call: the SDK's client for ECR would be a tenth of the download of a step.
 * Throws ColdgateError `permission-denied` or `registry-failed` (exit 8).
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
 */
export async function ecrLogin(context: LambdaContext, region: string): Promise<RegistryLogin> {
  const { env = {}, signal, calls } = context;
  const url = env['AWS_ENDPOINT_URL_ECR'] || env['AWS_ENDPOINT_URL'] || `https://api.ecr.${region}.amazonaws.com/`;
  const answer = await calls.withRetry(async ({ abortSignal }) => {
    const signer = new AwsV4Signer({
      ...(await calls.credentials()),
      ...{ url, method: 'POST', body: '{}', service: 'ecr', region },
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    } as ConstructorParameters<typeof AwsV4Signer>[0]);
    const { headers } = await signer.sign();
    const got = await fetch(url, { method: 'POST', headers, body: '{}', signal: abortSignal, redirect: 'error' });
    if (got.status < 500 && got.status !== 429) return got;
    const failure = new Error(`ECR answers ${got.status}`);
    throw Object.assign(failure, { name: 'ECRException', $metadata: { httpStatusCode: got.status } });
  });
  signal.throwIfAborted();
  const document = (await answer.json().catch(() => ({}))) as Answer;
  const [name, password] = Buffer.from(document.authorizationData?.[0]?.authorizationToken ?? '', 'base64')
    .toString('utf8')
    .split(':');
  if (name && password) return { username: name, password };
  const reason = `${document.__type?.split('#').at(-1) ?? answer.status} ${document.message ?? ''}`.trim();
  throw new ColdgateError('permission-denied', exitCodes.denied, `AWS does not allow ${action}: ${reason}.`, {
    hint: `Allow ${action} on * to the role that this step runs as; coldgate iam prints what a pipeline needs.`,
    data: { action, resource: '*' },
  });
}

interface Answer {
  authorizationData?: { authorizationToken?: string }[];
  __type?: string;
  message?: string;
}
