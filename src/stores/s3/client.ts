import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { StoreSettings } from '../../config/types.ts';
import { InputError, type Problem } from '../../errors.ts';
import { proxiedAgents } from '../../proxy.ts';
import { isPrivateLink } from '../connection.ts';
import { defaultLimits, type Encryption, type S3Context, type S3Limits, type S3Options } from './context.ts';
import { BucketLocation } from './location.ts';

/** Asks nothing of a compatible server but a name to sign with. */
const anyRegion = 'us-east-1';

/**
 * What all operations of a store share. Region, credentials and endpoint come from the settings or, where those leave
 * them out, from the SDK's own chain. Throws InputError for settings that S3 cannot honour.
 */
export async function contextOf(settings: StoreSettings, options: S3Options = {}): Promise<S3Context> {
  const place = new BucketLocation(settings.url);
  const encryption = encryptionOf(settings);
  const { identityEndpoint, ...given } = options;
  const limits = { ...defaultLimits, ...given };
  const chain = new S3Client({}).config;
  const endpoint = settings.endpoint ?? (await chain.serviceConfiguredEndpoint?.());
  if (endpoint !== undefined && !isPrivateLink(endpoint)) {
    const message = `expected https:// (http:// is for this machine alone), got ${endpoint}.`;
    throw new InputError([{ path: 'store.endpoint', message }]);
  }
  const region = settings.region ?? (await regionOf(chain.region, endpoint));
  const shared = sharedConfig(region, endpoint, limits);
  const retrying = new S3Client({ ...shared, maxAttempts: 4, retryMode: 'standard' });
  const { credentials, requestHandler } = retrying.config;
  const once = new S3Client({ ...shared, credentials, requestHandler, maxAttempts: 1 });
  for (const client of [retrying, once]) signChecksums(client);
  return {
    place,
    region,
    endpoint,
    identityEndpoint: identityEndpoint ?? (endpoint === undefined ? identityServiceOf(region) : undefined),
    limits,
    encryption,
    retrying,
    once,
    ahead: { free: limits.parallel },
    bareEtags: false,
  };
}

const identityServiceOf = (region: string): string =>
  `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

async function regionOf(chain: () => Promise<string>, endpoint: string | undefined): Promise<string> {
  try {
    return await chain();
  } catch {
    if (endpoint !== undefined) return anyRegion;
    const message = 'the region of the bucket is not known.';
    const hint = 'Write region beside the store’s url in models.yaml, or set AWS_REGION.';
    throw new InputError([{ path: 'store.region', message, hint }]);
  }
}

function sharedConfig(region: string, endpoint: string | undefined, limits: S3Limits): S3ClientConfig {
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    // We send whole buffers with our own SHA-256; Ceph rejects the SDK's trailers with 411, and the SDK's check of
    // responses is slow and of no use to readers that compare the manifest's digests.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // It would cost every part a separate connection; large writes check first whether they will be refused.
    expectContinueHeader: false,
    requestHandler: { connectionTimeout: limits.connectMs, socketTimeout: limits.stallMs, ...proxiedAgents() },
  };
}

/** Passes the digest that `checked` has computed to the signer, so that it does not hash the bytes a second time. */
function signChecksums({ middlewareStack }: S3Client): void {
  middlewareStack.add(
    (next) => (args) => {
      const { headers, body } = args.request as { headers: Record<string, string>; body: unknown };
      const checksum = headers['x-amz-checksum-sha256'];
      if (checksum !== undefined && body instanceof Uint8Array) {
        headers['x-amz-content-sha256'] = Buffer.from(checksum, 'base64').toString('hex');
      }
      return next(args);
    },
    { step: 'build', name: 'signChecksums' },
  );
}

function encryptionOf({ kmsKey, encryption, encryptionScope }: StoreSettings): Encryption {
  const problems: Problem[] = [];
  if (encryptionScope !== undefined) {
    problems.push({ path: 'store.encryption-scope', message: 'S3 has no such setting; use kms-key or encryption.' });
  }
  if (encryption === 'sse-s3' && kmsKey !== undefined) {
    problems.push({ path: 'store.kms-key', message: 'encryption: sse-s3 takes no key; remove one of the two.' });
  }
  if (problems.length > 0) throw new InputError(problems);
  if (encryption === 'sse-s3') return { ServerSideEncryption: 'AES256' };
  if (encryption === undefined && kmsKey === undefined) return {};
  // A bucket key saves a call to KMS for each object.
  const key = kmsKey === undefined ? {} : { SSEKMSKeyId: kmsKey };
  return { ServerSideEncryption: 'aws:kms', BucketKeyEnabled: true, ...key };
}
