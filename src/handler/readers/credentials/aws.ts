import { readFile } from 'node:fs/promises';
import { LoadError } from '../../model/load-error.ts';
import type { Variables } from '../../settings.ts';
import { askEndpoint, endpointUrl, textFields } from './endpoint.ts';
import { type Expiring, Renewed } from './renewed.ts';

export interface AwsCredentials extends Expiring {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | undefined;
}

/**
 * The credentials that the platform gives the function: from its variables (Lambda), the container's endpoint (ECS, EKS)
 * or the instance's metadata (EC2), in this order, as AWS's own tools look for them.
 * Fetching throws LoadError `store-denied` or `store-unavailable`.
 */
export function awsCredentials(variables: Variables, now?: () => number): Renewed<AwsCredentials> {
  return new Renewed(() => find(variables), now);
}

async function find(variables: Variables): Promise<AwsCredentials> {
  const accessKeyId = variables['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = variables['AWS_SECRET_ACCESS_KEY'];
  if (accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, sessionToken: variables['AWS_SESSION_TOKEN'] || undefined };
  }
  return (await fromContainer(variables)) ?? (await fromInstance(variables));
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
async function fromContainer(variables: Variables): Promise<AwsCredentials | undefined> {
  const url = containerUrl(variables);
  if (!url) return undefined;
  const file = variables['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
  const token = file ? await readToken(file) : variables['AWS_CONTAINER_AUTHORIZATION_TOKEN'];
  const headers: Record<string, string> = token ? { authorization: token.trim() } : {};
  const name = "The container's credentials endpoint";
  return toCredentials(name, await askEndpoint(name, { url, headers }));
}

/** Where the container's credentials are, if it has any. Throws LoadError `store-denied` where others could listen. */
export function containerUrl(variables: Variables): URL | undefined {
  const relative = variables['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'];
  if (relative) return new URL(`http://169.254.170.2/${relative.replace(/^\/+/, '')}`);
  const full = variables['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
  return full ? endpointUrl('AWS_CONTAINER_CREDENTIALS_FULL_URI', full) : undefined;
}

async function readToken(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new LoadError('store-denied', `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read (${code}).`, error);
  }
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html, version 2 alone. */
async function fromInstance(variables: Variables): Promise<AwsCredentials> {
  const name = 'The EC2 metadata service';
  if (variables['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') throw nothingFound('it is switched off.');
  const own = variables['AWS_EC2_METADATA_SERVICE_ENDPOINT'];
  const base = endpointUrl('AWS_EC2_METADATA_SERVICE_ENDPOINT', own || 'http://169.254.169.254');
  const at = (path: string): URL => new URL(path, base);
  try {
    const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' };
    const token = await askEndpoint(name, { method: 'PUT', url: at('/latest/api/token'), headers: ttl });
    const headers = { 'x-aws-ec2-metadata-token': token };
    const roles = '/latest/meta-data/iam/security-credentials/';
    const [role = ''] = (await askEndpoint(name, { url: at(roles), headers })).split('\n');
    const url = at(roles + encodeURIComponent(role.trim()));
    return toCredentials(name, await askEndpoint(name, { url, headers }));
  } catch (error) {
    throw nothingFound((error as Error).message, error);
  }
}

function nothingFound(why: string, cause?: unknown): LoadError {
  const code = cause instanceof LoadError ? cause.code : 'store-denied';
  return new LoadError(
    code,
    'No AWS credentials: there is no AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY and no ' +
      `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI; as for EC2 metadata: ${why}`,
    cause,
  );
}

function toCredentials(name: string, json: string): AwsCredentials {
  const fields = textFields(name, json, ['AccessKeyId', 'SecretAccessKey', 'Token', 'Expiration']);
  const expiresAt = Date.parse(fields.Expiration);
  if (Number.isNaN(expiresAt))
    throw new LoadError('store-denied', `${name} answered with an Expiration that is no date.`);
  return {
    accessKeyId: fields.AccessKeyId,
    secretAccessKey: fields.SecretAccessKey,
    sessionToken: fields.Token,
    expiresAt,
  };
}
