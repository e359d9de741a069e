import { errorCode, S3Client, type S3Options } from '../aws/s3-client.ts';
import { awsCredentials } from '../credentials/aws.ts';
import { LoadError } from '../load-error.ts';
import type { Reader } from '../reader.ts';
import type { Variables } from '../settings.ts';
import type { StoreSource } from '../source.ts';
import type { Answer } from './answer.ts';
import type { Limits } from './limits.ts';
import { keyIn, type ObjectService, type Wish, wishHeaders } from './object-service.ts';
import { openRemoteReader } from './remote.ts';

/** Reads `<prefix>/<key>` of a bucket, with the credentials that the platform gives. */
export function openS3Reader(source: StoreSource, variables: Variables, limits?: Limits): Reader {
  const client = new S3Client(s3Options(source, variables));
  return openRemoteReader(new S3Objects(client, source.bucket, source.root, limits), limits);
}

/** AWS_REGION is what Lambda sets; without any region S3 itself says where the bucket is. */
export function s3Options(source: Pick<StoreSource, 'endpoint' | 'region'>, variables: Variables): S3Options {
  const region = source.region || variables['AWS_REGION'] || variables['AWS_DEFAULT_REGION'] || 'us-east-1';
  return { endpoint: source.endpoint, region, credentials: awsCredentials(variables) };
}

/** Objects of one bucket, below a prefix. `versionId` chooses one of an object's kept versions. */
export class S3Objects implements ObjectService {
  readonly scheme = 's3';
  readonly url: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #root: string;
  readonly #stallMs: number | undefined;
  readonly #query: [string, string][];

  constructor(client: S3Client, bucket: string, root: string, limits?: Pick<Limits, 'stallMs'>, versionId?: string) {
    this.#client = client;
    this.#bucket = bucket;
    this.#root = root;
    this.#stallMs = limits?.stallMs;
    this.#query = versionId ? [['versionId', versionId]] : [];
    this.url = `s3://${keyIn(bucket, root)}`;
  }

  ask(key: string, wish: Wish): Promise<Answer> {
    return this.#client.ask({
      method: 'GET',
      bucket: this.#bucket,
      key: keyIn(this.#root, key),
      query: this.#query,
      headers: wishHeaders(wish),
      signal: wish.signal,
      stallMs: this.#stallMs,
    });
  }

  version(answer: Answer): string | undefined {
    return answer.header('etag');
  }

  divisible(): boolean {
    return true;
  }

  async explain(key: string, answer: Answer): Promise<LoadError | undefined> {
    const code = await errorCode(answer);
    const resource = `arn:aws:s3:::${keyIn(this.#bucket, this.#root, key)}`;
    if (code === 'NoSuchBucket') return new LoadError('model-not-found', `There is no bucket ${this.#bucket}.`);
    if (answer.status === 403 && code === 'RequestTimeTooSkewed') {
      return new LoadError('store-denied', "S3 refuses requests of a clock that is off: set this machine's time.");
    }
    if (answer.status === 403 && (await answer.text()).includes('kms:Decrypt')) {
      return new LoadError('store-denied', `The function's role needs kms:Decrypt on the key of ${resource}.`);
    }
    if (answer.status === 403 && (code === 'AccessDenied' || code === '')) return denied(resource);
    if (code === '') return undefined;
    const refused = answer.status === 401 || answer.status === 403 || /Token|AccessKey|Authorization/.test(code);
    const message = `S3 answered ${answer.status} ${code} to the read of ${key} in ${this.url}.`;
    if (refused) return new LoadError('store-denied', message);
    return answer.status === 404 ? undefined : new LoadError('store-unavailable', message);
  }
}

/** Without the right to list, S3 does not tell what is missing from what is forbidden. */
const denied = (resource: string): LoadError =>
  new LoadError(
    'store-denied',
    `The function's role needs s3:GetObject on ${resource}. ` +
      'Without s3:ListBucket on the bucket S3 says the same of an object that is not there.',
  );
