import { InputError } from '../../errors.ts';
import { rootOfPrefix } from '../prefix.ts';

/** Where in Azure Blob Storage a store is, and the names of objects there. */
export class BucketLocation {
  readonly url: string;
  readonly account: string;
  readonly container: string;
  /** What every key begins with: `` or `prefix/`. */
  readonly root: string;

  /** Throws InputError for a URL that names no account and container, or whose prefix would be read differently. */
  constructor(url: string) {
    const form = /^azure:\/\/([a-z0-9]{3,24})\/([a-z0-9](?:-?[a-z0-9]){2,62})(?:\/(.*))?$/;
    const [, account, container, prefix = ''] = form.exec(url) ?? [];
    const root = rootOfPrefix(prefix);
    if (!account || !container || root === undefined) {
      const message = `expected azure://account/container/prefix with plain names between the slashes, got ${JSON.stringify(url)}.`;
      throw new InputError([{ path: 'store.url', message }]);
    }
    this.url = url;
    this.account = account;
    this.container = container;
    this.root = root;
  }

  /** The name of the blob in the container. */
  nameOf(key: string): string {
    return `${this.root}${key}`;
  }

  /** As role assignments name the container. */
  get scope(): string {
    return `/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Storage/storageAccounts/${this.account}/blobServices/default/containers/${this.container}`;
  }
}
