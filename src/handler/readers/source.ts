import { fileURLToPath } from 'node:url';
import { type CloudStore, cloudStores, clouds, isCloudStore, storeOfScheme } from '../../clouds.ts';
import { isLoopback } from './hosts.ts';

/** A variable without the space around it; undefined where it is empty. */
export type Text = (name: string) => string | undefined;

/** Where objects are read from. */
export interface StoreSource {
  store: 'file' | CloudStore | 'https';
  /** Bucket; for azure `account/container`. */
  bucket: string;
  /** Folder of a file store; prefix inside a bucket, without slashes around it; with https the name of its object. */
  root: string;
  /** Of a compatible service or an emulator, instead of the cloud's own. */
  endpoint?: string | undefined;
  /** Of a cache of the versions in the store. It may be signed, so its query is not for any log. */
  readUrl?: string | undefined;
  /** Of S3. */
  region?: string | undefined;
  /** With https. It may be signed, so it is not for any log. */
  url?: string | undefined;
}

export interface StoreLocation {
  source: StoreSource;
  /** With MODEL_URI: key of the model file in `source`; there is then no manifest and no pointer. */
  file: string | undefined;
}

/**
 * Bucket, or account and container: they become parts of host names and paths. Azure has two containers with special
 * names.
 */
const isBucket = (store: CloudStore, name: string): boolean =>
  clouds[store].bucket.test(name) || (store === 'azure' && /^[a-z0-9]{3,24}\/\$(?:root|web)$/.test(name));

/** Reads where the models are; what is wrong is added to `problems`. */
export function readSource(text: Text, problems: string[]): StoreLocation {
  const uri = text('MODEL_URI');
  const place = uri ? readUri(uri) : readStore(text, problems);
  if (!place) {
    const got = URL.canParse(uri ?? '') ? new URL(uri ?? '').protocol : 'something else';
    // A signed URL must not get into a log, so what cannot be used is never repeated.
    problems.push(`MODEL_URI: expected ${uriForms}, got ${got}.`);
    return nowhere;
  }
  const { store } = place.source;
  const readUrl = readCopyUrl(text, !uri && isCloudStore(store), problems);
  if (!isCloudStore(store)) return place;
  return { ...place, source: { ...place.source, ...readService(store, text, problems), readUrl } };
}

const uriForms =
  'file:///folder/model.onnx, s3://bucket/key, gs://bucket/key, azure://account/container/key or the https URL of an object';

const nowhere: StoreLocation = { source: { store: 'file', bucket: '', root: '/' }, file: 'model.onnx' };

function readStore(text: Text, problems: string[]): StoreLocation {
  const store = text('MODEL_STORE') ?? '';
  const prefix = text('MODEL_PREFIX') ?? '';
  const bucket = text('MODEL_BUCKET') ?? '';
  if (isCloudStore(store)) {
    if (!isBucket(store, bucket)) {
      const form = clouds[store].bucketParts === 1 ? 'a bucket' : 'account/container';
      const got = bucket === '' ? 'nothing' : JSON.stringify(bucket.slice(0, 80));
      problems.push(`MODEL_BUCKET: expected ${form} of MODEL_STORE=${store}, got ${got}.`);
    }
    return { source: { store, bucket, root: prefix.replace(/^\/+|\/+$/g, '') }, file: undefined };
  }
  if (store !== 'file') {
    const known = ['file', ...cloudStores].join(', ');
    problems.push(`MODEL_STORE: expected one of ${known} (or MODEL_URI), got ${JSON.stringify(store.slice(0, 80))}.`);
  } else if (!prefix.startsWith('/')) {
    problems.push(`MODEL_PREFIX: expected the absolute folder of the file store, got ${JSON.stringify(prefix)}.`);
  }
  return { source: { store: 'file', bucket: '', root: prefix }, file: undefined };
}

function readService(store: CloudStore, text: Text, problems: string[]): Pick<StoreSource, 'endpoint' | 'region'> {
  const variable = ['MODEL_ENDPOINT', ...clouds[store].endpointVariables].find((name) => text(name) !== undefined);
  const named = variable && text(variable);
  // Google's own libraries take host and port alone.
  const endpoint = variable === 'STORAGE_EMULATOR_HOST' && !named?.includes('://') ? `http://${named}` : named;
  const problem = endpoint && endpointProblem(endpoint);
  if (problem) problems.push(`${variable}: ${problem}.`);
  const region = text('MODEL_REGION');
  if (region !== undefined && !/^[a-z0-9-]{1,40}$/.test(region)) {
    problems.push(`MODEL_REGION: expected a region such as eu-west-1, got ${JSON.stringify(region.slice(0, 80))}.`);
  }
  return { endpoint, region };
}

/** The cache in front of a store that has versions. Its query may be a signature, and is as it travels. */
function readCopyUrl(text: Text, isOfStore: boolean, problems: string[]): string | undefined {
  const url = text('MODEL_READ_URL');
  if (url === undefined) return undefined;
  const problem = endpointProblem(url.replace(/\?.*$/s, ''));
  if (problem) problems.push(`MODEL_READ_URL: ${problem}.`);
  if (!isOfStore) problems.push('MODEL_READ_URL: is for MODEL_STORE=s3, gcs or azure, whose versions have digests.');
  return url;
}

/** Why models may not be read there; undefined where they may. It is never repeated, since it might hold a password. */
export function endpointProblem(endpoint: string): string | undefined {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return 'expected an https URL';
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) return 'expected https; plain http is for loopback alone';
  if (url.username || url.password || url.search || url.hash) return 'expected scheme, host, port and path alone';
  return undefined;
}

/** The place of one model file; undefined where the URI has none of the known forms. */
function readUri(uri: string): StoreLocation | undefined {
  const [, scheme = '', rest = ''] = /^([a-z0-9]+):\/\/(.+)$/s.exec(uri) ?? [];
  const store = storeOfScheme(scheme);
  if (store) return readBucketUri(store, rest);
  switch (scheme) {
    case 'file':
      return readFileUri(uri);
    case 'https':
    case 'http':
      return readWebUri(uri);
    default:
      return undefined;
  }
}

/** A folder stands for the model.onnx in it. */
const toFile = (path: string): string =>
  /\.(onnx|ort)$/.test(path) ? path : `${path.replace(/\/+$/, '')}/model.onnx`.replace(/^\/(?=model\.onnx$)/, '');

function readFileUri(uri: string): StoreLocation | undefined {
  try {
    if (!uri.startsWith('file:///')) return undefined;
    const path = `/${toFile(fileURLToPath(uri).slice(1))}`;
    const cut = path.lastIndexOf('/');
    return { source: { store: 'file', bucket: '', root: path.slice(0, cut) || '/' }, file: path.slice(cut + 1) };
  } catch {
    return undefined;
  }
}

/** Keys are taken as they are: `%20` is three characters there, as in the clouds' own tools. */
function readBucketUri(store: CloudStore, rest: string): StoreLocation | undefined {
  const parts = rest.split('/');
  const named = clouds[store].bucketParts;
  const bucket = parts.slice(0, named).join('/');
  if (!isBucket(store, bucket)) return undefined;
  const key = toFile(parts.slice(named).join('/'));
  const cut = key.lastIndexOf('/');
  return { source: { store, bucket, root: cut < 0 ? '' : key.slice(0, cut) }, file: key.slice(cut + 1) };
}

function readWebUri(uri: string): StoreLocation | undefined {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (!url || url.username || url.password || (url.protocol === 'http:' && !isLoopback(url.hostname))) return undefined;
  const [last = ''] = /[^/]*$/.exec(decode(url.pathname)) ?? [];
  const name = /^[\w.-]+\.(onnx|ort)$/.test(last) ? last : 'model.onnx';
  return { source: { store: 'https', bucket: '', root: name, url: uri }, file: name };
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
