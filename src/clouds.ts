/** A cloud's store, by its name in code and in MODEL_STORE. */
export type CloudStore = 's3' | 'gcs' | 'azure';

export interface Cloud {
  /** Of URLs of its stores. */
  scheme: string;
  /** Name in human-readable output. */
  title: string;
  /** Whose it is. */
  provider: 'aws' | 'google' | 'azure';
  /** The target of models.yaml that runs functions there. */
  target: string;
  /** Bucket, or account and container with a slash between them, by the provider's naming rules. */
  bucket: RegExp;
  /** How many parts of a URL's path that is. */
  bucketParts: number;
  /** How a store's URL looks. */
  form: string;
  /** Settings that a store may have in models.yaml. */
  settings: readonly string[];
  /** Variables of the function that name another service of the same kind, as the provider's own tools know them. */
  endpointVariables: readonly string[];
}

export const clouds: Readonly<Record<CloudStore, Cloud>> = {
  s3: {
    ...{ scheme: 's3', title: 'S3', provider: 'aws', target: 'aws-lambda' },
    ...{ bucket: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, bucketParts: 1, form: 's3://bucket/prefix' },
    settings: ['region', 'endpoint', 'read-url', 'kms-key', 'encryption'],
    endpointVariables: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
  },
  gcs: {
    ...{ scheme: 'gs', title: 'Google Cloud Storage', provider: 'google', target: 'google-cloud-run' },
    ...{ bucket: /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, bucketParts: 1, form: 'gs://bucket/prefix' },
    settings: ['endpoint', 'read-url', 'kms-key'],
    endpointVariables: ['STORAGE_EMULATOR_HOST'],
  },
  azure: {
    ...{ scheme: 'azure', title: 'Azure', provider: 'azure', target: 'azure-functions' },
    ...{ bucket: /^[a-z0-9]{3,24}\/[a-z0-9](?:-?[a-z0-9]){2,62}$/, bucketParts: 2 },
    form: 'azure://account/container/prefix',
    settings: ['endpoint', 'read-url', 'encryption-scope'],
    endpointVariables: [],
  },
};

export const cloudStores = Object.keys(clouds) as readonly CloudStore[];

/** The store of URLs of this scheme; undefined where it is no cloud's. */
export const storeOfScheme = (scheme: string): CloudStore | undefined =>
  cloudStores.find((store) => clouds[store].scheme === scheme);

export const isCloudStore = (name: string): name is CloudStore => Object.hasOwn(clouds, name);
