import { InputError } from '../../errors.ts';
import { rootOfPrefix } from '../prefix.ts';

/** Where in Google Cloud Storage a store is, and the names of objects there. */
export class BucketLocation {
  readonly url: string;
  readonly bucket: string;
  /** What every key begins with: `` or `prefix/`. */
  readonly root: string;

  /**
   * Throws InputError for a URL that names no bucket, or whose prefix the service and a human reader would read
   * differently.
   */
  constructor(url: string) {
    const [, bucket, prefix = ''] = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(.*))?$/.exec(url) ?? [];
    const root = rootOfPrefix(prefix);
    if (!bucket || root === undefined) {
      const message = `expected gs://bucket/prefix with plain names between the slashes, got ${JSON.stringify(url)}.`;
      throw new InputError([{ path: 'store.url', message }]);
    }
    this.url = url;
    this.bucket = bucket;
    this.root = root;
  }

  /** The name of the object in the bucket. */
  nameOf(key: string): string {
    return `${this.root}${key}`;
  }

  /** Path of the bucket's objects, or of one, in the JSON API. */
  pathOf(key?: string): string {
    const objects = `/storage/v1/b/${this.bucket}/o`;
    return key === undefined ? objects : `${objects}/${encodeURIComponent(this.nameOf(key))}`;
  }
}
