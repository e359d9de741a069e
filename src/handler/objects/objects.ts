import { LoadError } from '../model/load-error.ts';
import { defaultLimits } from '../readers/limits.ts';
import type { ObjectService } from '../readers/object-service.ts';
import { readObject } from '../readers/remote.ts';
import { ReplacedError } from '../readers/replaced.ts';

/** An object, and which one under its key. */
export interface Place {
  bucket: string;
  key: string;
  /** Exactly this one: the ETag or generation that a read is conditional on. Default: whichever is there. */
  only?: string | undefined;
  /** Of a bucket that keeps versions. */
  versionId?: string | undefined;
}

export type Body = AsyncIterable<Uint8Array>;

/** An object to be made. */
export interface Creation extends Pick<Place, 'bucket' | 'key'> {
  body: Uint8Array;
  /** Content type. */
  type: string;
}

/** What writes results: objects are read and made, and never replaced. */
export interface Objects {
  /** Begins addresses of objects in messages: `s3`, `gs`. */
  scheme: string;
  exists(bucket: string, key: string): Promise<boolean>;
  /** Bytes of exactly the object that is named; `gone` where it was replaced or removed since, or never was there. */
  read(place: Place): Promise<'gone' | Body>;
  /** False where the key exists already. @param type content type; default: that of JSON Lines */
  create(bucket: string, key: string, body: Uint8Array, type?: string): Promise<boolean>;
}

export const defaultType = 'application/x-ndjson';

/** Bytes of an object of a service, or `gone` where nothing is there, or something else than was asked for. */
export const readFrom = (service: ObjectService, key: string, only: string | undefined): Promise<'gone' | Body> =>
  unlessGone(async () => {
    const object = await readObject(service, key, { only }, defaultLimits);
    return object === 'unchanged' ? 'gone' : object.body;
  });

export async function unlessGone<T>(read: () => Promise<T>): Promise<'gone' | T> {
  try {
    return await read();
  } catch (error) {
    const gone = error instanceof ReplacedError || (error instanceof LoadError && error.code === 'model-not-found');
    if (gone) return 'gone';
    throw error;
  }
}
