import { InputError } from '../../errors.ts';
import { rootOfPrefix } from '../prefix.ts';

/** Where in S3 a store is, and the names of objects there. */
export class BucketLocation {
  readonly url: string;
  readonly bucket: string;
  /** What every key begins with: `` or `prefix/`. */
  readonly root: string;

  /** Throws InputError for a URL that names no bucket, or whose prefix S3 and a human reader would read differently. */
  constructor(url: string) {
    const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/i.exec(url) ?? [];
    const root = rootOfPrefix(prefix);
    if (!bucket || root === undefined) {
      const message = `expected s3://bucket/prefix with plain names between the slashes, got ${JSON.stringify(url)}.`;
      throw new InputError([{ path: 'store.url', message }]);
    }
    this.url = url;
    this.bucket = bucket;
    this.root = root;
  }

  /** The key in the bucket. */
  nameOf(key: string): string {
    return `${this.root}${key}`;
  }

  /** As policies name it: the object, or the bucket where no key is given. */
  arnOf(region: string, key?: string): string {
    const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
    return `arn:${partition}:s3:::${this.bucket}${key === undefined ? '' : `/${this.nameOf(key)}`}`;
  }
}
