import { type CloudStore, storeOfScheme } from '../clouds.ts';
import type { StoreSettings, TargetSettings } from '../config/types.ts';

/** One function, and the models that it serves. */
export interface FunctionPlan {
  /** Name on the platform. */
  name: string;
  /** Names of models whose versions it reads. */
  models: readonly string[];
  target: TargetSettings;
  /**
   * `own`: the environment's. `preview`: those of pull requests, whose name is a pattern. `neighbour`: of another
   * environment in the store.
   */
  kind: 'own' | 'preview' | 'neighbour';
}

/** What policies are written for: one environment, in plain names. */
export interface Subject {
  environment: string;
  store: StoreSettings;
  /** Names of the pointers in this store that models.yaml knows, this environment's first: prune keeps what all of them name. */
  pointers: readonly [string, ...string[]];
  models: readonly string[];
  functions: readonly FunctionPlan[];
  /** `owner/name` on GitHub; without it no one can assume the pipeline's role. */
  repository: string | undefined;
  /** Id of the AWS account, if no role in models.yaml contains it. */
  account: string | undefined;
}

/** Bucket, or account and container, and the prefix inside, as the store's URL names them. */
export interface BucketRef {
  /** Undefined for a folder. */
  store: CloudStore | undefined;
  /** Bucket, or container on Azure. */
  bucket: string;
  /** Storage account on Azure, else empty. */
  account: string;
  /** Begins every key: empty, or ends in a slash. */
  root: string;
}

export function bucketRef({ url }: StoreSettings): BucketRef {
  const { protocol, host, pathname } = new URL(url);
  const store = storeOfScheme(protocol.slice(0, -1));
  const parts = pathname.split('/').filter((part) => part !== '');
  const bucket = store === 'azure' ? (parts.shift() ?? '') : host;
  const root = parts.map((part) => `${part}/`).join('');
  return { store, bucket, account: store === 'azure' ? host : '', root };
}
