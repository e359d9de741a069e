import type { LoadError } from '../model/load-error.ts';
import type { Variables } from '../settings.ts';
import type { Answer } from './answer.ts';
import type { Limits } from './limits.ts';
import { conditionHeaders, keyIn, type ObjectService, type ReadConditions } from './object-service.ts';
import type { Reader } from './reader.ts';
import { openRemoteReader } from './remote.ts';
import { S3Client, s3Options } from './s3-client.ts';
import { s3Refusal } from './s3-refusal.ts';
import type { StoreSource } from './source.ts';

/** Reads `<prefix>/<key>` of a bucket, with the credentials that the platform gives. */
export function openS3Reader(source: StoreSource, variables: Variables, limits?: Limits): Reader {
  const client = new S3Client(s3Options(source, variables));
  return openRemoteReader(new S3Objects(client, source.bucket, source.root, limits), limits);
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

  ask(key: string, conditions: ReadConditions): Promise<Answer> {
    return this.#client.ask({
      method: 'GET',
      bucket: this.#bucket,
      key: keyIn(this.#root, key),
      query: this.#query,
      headers: conditionHeaders(conditions),
      signal: conditions.signal,
      stallMs: this.#stallMs,
    });
  }

  version(answer: Answer): string | undefined {
    return answer.header('etag');
  }

  explain(key: string, answer: Answer): Promise<LoadError | undefined> {
    return s3Refusal('s3:GetObject', this.#bucket, keyIn(this.#root, key), answer);
  }
}
