import { createHash } from 'node:crypto';
import { ApiError } from '../api-error.ts';
import { crc32c } from './crc32c.ts';

export interface StoredObject {
  bucket: string;
  name: string;
  bytes: Buffer;
  generation: string;
  updated: string;
  contentType: string | undefined;
  contentEncoding: string | undefined;
  cacheControl: string | undefined;
  metadata: Record<string, string> | undefined;
  crc32c: string;
  md5: string;
}

/** What an upload says of an object. */
export interface ObjectMetadata {
  name?: string;
  contentType?: string;
  contentEncoding?: string;
  cacheControl?: string;
  metadata?: Record<string, string>;
  crc32c?: string;
  md5Hash?: string;
}

/** Preconditions of a request, as they stand in its query. */
export type Conditions = URLSearchParams;

const storageError = (code: number, status: string, message: string): ApiError => new ApiError(code, status, message);
export const noObject = (bucket: string, name: string): ApiError =>
  storageError(404, 'notFound', `No such object: ${bucket}/${name}`);
const failedCondition = (): ApiError =>
  storageError(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');

/** Objects with generations, in memory: what of Cloud Storage the product uses. */
export class Buckets {
  readonly #buckets = new Map<string, Map<string, StoredObject>>();
  readonly #now: () => Date;
  readonly #locations = new Map<string, string>();
  /** Told of each object that was written. */
  onPut: (object: StoredObject) => void = () => {};
  #generation = 1_764_500_000_000_000n;

  constructor(now: () => Date) {
    this.#now = now;
  }

  create(bucket: string, location = 'europe-west1'): void {
    if (this.#buckets.has(bucket)) return;
    this.#buckets.set(bucket, new Map());
    this.#locations.set(bucket, location);
  }

  /** Throws ApiError where there is no such bucket. */
  locationOf(bucket: string): string {
    this.all(bucket);
    return this.#locations.get(bucket) ?? '';
  }

  all(bucket: string): Map<string, StoredObject> {
    const found = this.#buckets.get(bucket);
    if (found) return found;
    throw storageError(404, 'notFound', 'The specified bucket does not exist.');
  }

  find(bucket: string, name: string): StoredObject | undefined {
    return this.all(bucket).get(name);
  }

  /** Throws ApiError where the object is not there, or is not as the conditions want it; 304 for one that has not changed. */
  get(bucket: string, name: string, conditions: Conditions): StoredObject {
    const object = this.find(bucket, name);
    const generation = conditions.get('generation');
    if (!object || (generation !== null && generation !== object.generation)) throw noObject(bucket, name);
    if (conditions.get('ifGenerationNotMatch') === object.generation) throw storageError(304, 'notModified', '');
    this.check(bucket, name, conditions);
    return object;
  }

  /** Throws ApiError when the object that is there is not the one that must be; generation 0 is none. */
  check(bucket: string, name: string, conditions: Conditions): void {
    const wanted = conditions.get('ifGenerationMatch');
    if (wanted !== null && (this.find(bucket, name)?.generation ?? '0') !== wanted) throw failedCondition();
  }

  put(bucket: string, name: string, bytes: Buffer, given: ObjectMetadata, conditions: Conditions): StoredObject {
    const object: StoredObject = {
      ...{ bucket, name, bytes, generation: String(++this.#generation), updated: this.#now().toISOString() },
      ...{ contentType: given.contentType, contentEncoding: given.contentEncoding, cacheControl: given.cacheControl },
      ...{ metadata: given.metadata, crc32c: crc32c(bytes), md5: createHash('md5').update(bytes).digest('base64') },
    };
    this.check(bucket, name, conditions);
    const wrong = [
      given.crc32c !== undefined && given.crc32c !== object.crc32c,
      given.md5Hash && given.md5Hash !== object.md5,
    ];
    if (wrong.some(Boolean)) throw storageError(400, 'invalid', 'Provided checksum does not match the content.');
    this.all(bucket).set(name, object);
    this.onPut(object);
    return object;
  }

  remove(bucket: string, name: string, conditions: Conditions): void {
    this.get(bucket, name, conditions);
    this.all(bucket).delete(name);
  }
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
export const resourceOf = (object: StoredObject): object => ({
  kind: 'storage#object',
  id: `${object.bucket}/${object.name}/${object.generation}`,
  ...{ name: object.name, bucket: object.bucket, generation: object.generation, metageneration: '1' },
  ...{ contentType: object.contentType, contentEncoding: object.contentEncoding, cacheControl: object.cacheControl },
  ...{ metadata: object.metadata, size: String(object.bytes.byteLength), md5Hash: object.md5, crc32c: object.crc32c },
  ...{ etag: Buffer.from(object.generation).toString('base64'), storageClass: 'STANDARD' },
  ...{ timeCreated: object.updated, updated: object.updated },
});
