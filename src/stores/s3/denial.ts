import { DeniedError } from '../store.ts';
import { causeOf, type FailedAnswer } from './answer.ts';
import type { S3Context } from './context.ts';

/** The permission that each request needs, as policies spell it. */
const permissions = {
  PutObject: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  UploadPartCopy: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  DeleteObject: 's3:DeleteObject',
  ListObjectsV2: 's3:ListBucket',
  HeadBucket: 's3:ListBucket',
} as const;

/** A request: S3's name of it, and the object where it is about one. */
export interface RequestContext {
  action: keyof typeof permissions;
  key?: string | undefined;
}

/** Used in messages where S3 did not name the denied identity. */
export const unnamed = 'the identity of these credentials';

/** No credentials, or unknown or expired ones. */
const unknownIdentity = new Set([
  'CredentialsProviderError',
  'TokenProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'InvalidAccessKeyId',
  'InvalidToken',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
  'UnrecognizedClientException',
  'InvalidIdentityToken',
  'IDPCommunicationError',
]);

const logIn =
  'In GitHub Actions give the job "permissions: id-token: write" and log in with aws-actions/configure-aws-credentials; elsewhere set AWS_PROFILE, or run "aws sso login".';

/**
 * DeniedError for a request that S3, or the credentials service, refused for this identity; undefined for other
 * failures.
 */
export function denialOf(
  failure: FailedAnswer,
  context: S3Context,
  requestContext: RequestContext,
): DeniedError | undefined {
  const { name, status } = failure;
  const fields = { store: context.place.url, key: requestContext.key, cause: causeOf(failure) };
  if (/sts:AssumeRole/.test(failure.message)) {
    const message = `AWS did not give this job its role: ${sentence(failure.message)}`;
    const hint =
      'Compare the role’s trust policy with the subject of the token: it changes with the repository, the branch and the environment of the job.';
    return new DeniedError(message, { ...fields, hint });
  }
  if (unknownIdentity.has(name)) {
    const message = `No valid AWS credentials for ${requestContext.action} in ${context.place.url}: ${sentence(failure.message)}`;
    return new DeniedError(message, { ...fields, hint: logIn });
  }
  if (status !== 403 && name !== 'AccessDenied') return undefined;
  return forbidden(failure, context, requestContext);
}

function forbidden(failure: FailedAnswer, context: S3Context, requestContext: RequestContext): DeniedError {
  const summary = readMessage(failure.message);
  const permission = summary.action ?? permissions[requestContext.action];
  const listing = requestContext.action === 'ListObjectsV2' || requestContext.action === 'HeadBucket';
  const resource = summary.resource ?? context.place.arnOf(context.region, listing ? undefined : requestContext.key);
  const who = summary.principal ?? unnamed;
  const why = summary.why ?? (failure.message === 'UnknownError' ? '' : ` (${failure.name})`);
  const bucket = context.place.arnOf(context.region);
  // The objects below the prefix, the bucket, or what the answer named of another service, such as a key.
  const granted = !permission.startsWith('s3:') ? resource : listing ? bucket : `${bucket}/${context.place.root}*`;
  // S3 hides what is not there from those who may not list.
  const unlisted =
    permission === 's3:GetObject' ? `, and s3:ListBucket on ${bucket}: without it missing objects are denied too` : '';
  return new DeniedError(
    `${context.place.url} denied ${requestContext.action}: ${who} may not do ${permission} on ${resource}${why}.`,
    {
      store: context.place.url,
      key: requestContext.key,
      hint: `Grant ${permission} on ${granted}${unlisted}.`,
      cause: causeOf(failure),
      data: { permission, resource, principal: summary.principal ?? null },
    },
  );
}

/** S3's message since 2024: `User: arn… is not authorized to perform: s3:PutObject on resource: "arn…" because …`. */
function readMessage(message: string): { principal?: string; action?: string; resource?: string; why?: string } {
  const found =
    /User: (?<principal>\S+) is not authorized to perform: (?<action>[\w:]+)(?: on resource: "?(?<resource>[^"\s]+)"?)?(?<why> (?:because|with) .+?)?\.?$/.exec(
      message,
    );
  return { ...found?.groups };
}

const sentence = (text: string): string => (/[.!]$/.test(text) ? text : `${text}.`);
