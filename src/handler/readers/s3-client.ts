import type { Variables } from '../settings.ts';
import type { Answer } from './answer.ts';
import { type AwsCredentials, awsCredentials } from './credentials/aws.ts';
import type { Renewed } from './credentials/renewed.ts';
import { errorCode } from './s3-refusal.ts';
import { encodeKey, formatQuery, signAws } from './s3-sign.ts';
import type { StoreSource } from './source.ts';
import { type HttpRequest, send } from './transport.ts';

export interface S3Request extends Pick<HttpRequest, 'method' | 'signal' | 'stallMs'> {
  bucket: string;
  key: string;
  query?: readonly (readonly [name: string, value: string])[];
  /** Lower-case names. */
  headers?: Record<string, string>;
  body?: Uint8Array;
}

export interface S3Options {
  /** Of a compatible service, which is asked by path; AWS itself without it. */
  endpoint: string | undefined;
  region: string;
  credentials: Renewed<AwsCredentials>;
}

/** AWS_REGION is what Lambda sets; without any region S3 itself reports where the bucket is. */
export function s3Options(source: Pick<StoreSource, 'endpoint' | 'region'>, variables: Variables): S3Options {
  const region = source.region || variables['AWS_REGION'] || variables['AWS_DEFAULT_REGION'] || 'us-east-1';
  return { endpoint: source.endpoint, region, credentials: awsCredentials(variables) };
}

/** Errors after which another attempt with fresh credentials may succeed. */
const expired = ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'RequestExpired'];

/** Signed requests to S3. Learns a bucket's region and renews credentials, once for a request each. */
export class S3Client {
  readonly #options: S3Options;
  readonly #regions = new Map<string, string>();

  constructor(options: S3Options) {
    this.#options = options;
  }

  /** One attempt. Throws TransportError, or LoadError where there are no credentials. */
  async ask(request: S3Request): Promise<Answer> {
    const { credentials } = this.#options;
    for (const mended = new Set<'region' | 'credentials'>(); ; ) {
      const used = await credentials.get();
      const answer = await this.#send(request, used);
      if (answer.status < 300 || answer.status === 304) return answer;
      if (!mended.has('region') && (await this.#learnRegion(request.bucket, answer))) {
        mended.add('region');
      } else if (!mended.has('credentials') && expired.includes(await errorCode(answer))) {
        mended.add('credentials');
        credentials.reject(used);
      } else {
        return answer;
      }
      answer.drop();
    }
  }

  #send(request: S3Request, credentials: AwsCredentials): Promise<Answer> {
    const { method, bucket, key, query = [], body, signal, stallMs } = request;
    const region = this.#regions.get(bucket) ?? this.#options.region;
    const { origin, prefix } = addressOf(bucket, region, this.#options.endpoint);
    const path = `${prefix}/${encodeKey(key)}`;
    const signable = { method, host: origin.host, path, query, headers: request.headers ?? {}, body };
    const headers = signAws(signable, credentials, { region, service: 's3' }, new Date());
    const search = query.length > 0 ? `?${formatQuery(query)}` : '';
    return send({ method, origin, path: path + search, headers, body, signal, stallMs });
  }

  /** S3 reports a bucket's region when another region was asked: 301, 307 or 400 `AuthorizationHeaderMalformed`. */
  async #learnRegion(bucket: string, answer: Answer): Promise<boolean> {
    if (![301, 307, 400].includes(answer.status)) return false;
    const region = answer.header('x-amz-bucket-region') ?? /<Region>([^<]*)</.exec(await answer.text())?.[1] ?? '';
    // It becomes part of a host name.
    if (!/^[a-z]{2,}(?:-[a-z0-9]+){2,4}$/.test(region)) return false;
    if (region === (this.#regions.get(bucket) ?? this.#options.region)) return false;
    this.#regions.set(bucket, region);
    return true;
  }
}

interface Address {
  origin: URL;
  /** Path in front of the key, without a slash at its end. */
  prefix: string;
}

/** Virtual hosts on AWS, but for names with dots, which its certificates do not cover; paths elsewhere. */
export function addressOf(bucket: string, region: string, endpoint: string | undefined): Address {
  if (endpoint !== undefined) {
    const origin = new URL(endpoint);
    return { origin, prefix: `${origin.pathname.replace(/\/+$/, '')}/${bucket}` };
  }
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  if (bucket.includes('.')) return { origin: new URL(`https://s3.${region}.${domain}`), prefix: `/${bucket}` };
  return { origin: new URL(`https://${bucket}.s3.${region}.${domain}`), prefix: '' };
}
